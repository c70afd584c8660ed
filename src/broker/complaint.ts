/** What a channel's process makes of a command that it does not simply do. */

/** An amqp_error that ends the connection; class-id and method-id are those of the method. */
export interface Complaint {
  code: number;
  text: string;
  /**
   * The channel's close forestalls it, or the connection's where this is the last channel, if that comes in the same
   * read.
   */
  forestalledBy?: "channel.close" | "connection.close";
  /** A consumer tag: it is no error if the broker has cancelled that consumer. */
  unlessCancelled?: string;
}

/** Nothing, an error that ends the connection, or one that closes the channel. */
export type Outcome = Complaint | "channel-error" | null;

/** The process dies of something else than an amqp_error. */
export const CRASH: Complaint = { code: 541, text: "" };
