/** What a channel's process does with a command that it does not simply execute. */

/** An amqp_error that ends the connection; class-id and method-id are those of the method. */
export interface Complaint {
  code: number;
  text: string;
  /**
   * This close, in the same read, prevents the error: the channel's, or the connection's if this is the last channel.
   */
  forestalledBy?: "channel.close" | "connection.close";
  /** A consumer tag: it is no error if the broker has cancelled that consumer. */
  unlessCancelled?: string;
}

/** Nothing, an error that ends the connection, or one that closes the channel. */
export type Outcome = Complaint | "channel-error" | null;

/** The process dies of another error than an amqp_error. */
export const CRASH: Complaint = { code: 541, text: "" };
