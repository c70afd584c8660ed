/** Messages of one channel whose outcome is awaited. */
const MAX_OF_CHANNEL = 65_536;
/** Messages of all channels whose outcome is awaited. */
const MAX_OUTSTANDING = 131_072;

/** How many messages wait for their outcome. Beyond its bounds the oldest of the present channel are forgotten. */
export class MessageBudget {
  readonly ofChannel: number;
  readonly limit: number;
  outstanding = 0;
  /** Messages that were forgotten before anything was known of them. */
  forgotten = 0;

  constructor(limit = MAX_OUTSTANDING, ofChannel = MAX_OF_CHANNEL) {
    this.limit = limit;
    this.ofChannel = ofChannel;
  }

  get isExceeded(): boolean {
    return this.outstanding > this.limit;
  }
}
