import type { OutMessage } from "./out-message.ts";

/** A queue of messages, linked through their own fields: adding and taking out anywhere allocate nothing. */
export class MessageList {
  first: OutMessage | undefined = undefined;
  last: OutMessage | undefined = undefined;
  /** How many were ever added. */
  added = 0;

  add(message: OutMessage): void {
    message.list = this;
    message.serial = ++this.added;
    message.previous = this.last;
    if (this.last === undefined) this.first = message;
    else this.last.next = message;
    this.last = message;
  }

  remove(message: OutMessage): void {
    const { previous, next } = message;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.last = previous;
    else next.previous = previous;
    message.list = message.previous = message.next = undefined;
  }
}
