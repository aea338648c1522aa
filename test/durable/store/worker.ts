/** A Durable Object with nothing but storage: tests open stores over it through runInDurableObject. */
import { DurableObject } from "cloudflare:workers";

export class StoreObject extends DurableObject {}

export default {
  fetch: () => new Response("a test worker serves nothing", { status: 404 }),
};
