declare module "pngjs" {
  export class PNG {
    constructor(options?: { width: number; height: number });
    width: number;
    height: number;
    /** Red, green, blue, alpha of each pixel, row by row. */
    data: Uint8Array;
    static sync: { read(png: Uint8Array): PNG; write(png: PNG): Uint8Array };
  }
}
