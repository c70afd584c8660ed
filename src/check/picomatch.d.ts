/** As much of picomatch 4.0.7 as its use here needs; it brings no types. */
declare module "picomatch/posix.js" {
  function picomatch(glob: string, options?: { dot?: boolean; noextglob?: boolean }): (path: string) => boolean;
  namespace picomatch {
    function scan(glob: string): { base: string };
  }
  export default picomatch;
}
