/** Placeholder while the mask is being written. */
export class CredentialsMask {
  mask(bytes: Uint8Array): Uint8Array {
    return bytes;
  }
}
