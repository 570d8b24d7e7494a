// What a page offers: its forms with their fields, and whether it shows an error. Wording and looks are each server's own.
import { csrfOrigin } from "./observe.mjs";

/** The forms of a page, and on the sign-in page whether a notice of an error stands above them. */
export function observeHtml(html, context) {
  const { request, setup } = context;
  const isSignIn = request.path.startsWith(`${setup.basePath}/signin`);
  return {
    forms: [...html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)].map(([, head, inside]) => form(attributesOf(head), inside, context)),
    ...(isSignIn && { error: /<[a-z]+\b[^>]*\b(class="error"|role="alert")/i.test(html) }),
  };
}

function form(attributes, inside, context) {
  const action = new URL(attributes.action ?? "", context.setup.origin + context.request.path);
  return {
    method: (attributes.method ?? "get").toUpperCase(),
    action: action.pathname + action.search,
    fields: [...inside.matchAll(/<input\b([^>]*)>/gi)].map(([, text]) => field(attributesOf(text), context)),
  };
}

function field({ name, type = "text", id, value }, context) {
  return {
    name,
    type,
    ...(type !== "hidden" && { id }),
    ...(name === "csrfToken" && { value: csrfOrigin(value, context) }),
  };
}

function attributesOf(text) {
  return Object.fromEntries(
    [...text.matchAll(/([a-zA-Z-]+)(?:="([^"]*)"|=([^\s"'>]+))?/g)].map(([, name, quoted, bare]) => [
      name.toLowerCase(),
      unescape(quoted ?? bare ?? ""),
    ]),
  );
}

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&#x27;": "'", "&#x2F;": "/" };
const unescape = (text) => text.replace(/&(amp|lt|gt|quot|#39|#x27|#x2F);/g, (entity) => ENTITIES[entity]);
