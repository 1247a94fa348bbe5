/** What {@link printMessages} needs: a User, and whatever else has free messages. */
export interface HasMessages {
  readonly name: string;
  messages(): AsyncIterable<{ readonly from: string; readonly data: unknown }>;
}

/** Prints every free message that arrives, a line each, until the participant is closed: the simplest way to see that something works. */
export async function printMessages(participant: HasMessages): Promise<void> {
  for await (const { from, data } of participant.messages()) {
    const time = new Date().toISOString().slice(0, 19).replace("T", " ");
    console.log(`${time} ${participant.name} received from ${from}:`, data);
  }
}
