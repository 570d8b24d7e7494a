// The part of Next.js' API routes that the handlers of next-auth 3 and 4 are written against:
// parsed query, cookies and body on the request; status, json, send on the response.
import { parse as parseCookies } from "cookie";
import { parse as parseForm } from "node:querystring";

const BODY_LIMIT = 1024 * 1024;

class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** A listener for `node:http` that serves `handler(req, res)` at `{basePath}/[...nextauth]`. */
export function nextApi(basePath, handler) {
  return async (request, response) => {
    try {
      extend(request, response, basePath);
      request.body = await body(request);
      await handler(request, response);
    } catch (error) {
      if (!(error instanceof ApiError)) console.error(error);
      response.statusCode = error.status ?? 500;
      response.end(error instanceof ApiError ? error.message : "Internal Server Error");
    }
  };
}

function extend(request, response, basePath) {
  const [path, search = ""] = request.url.split(/\?(.*)/s);
  if (path !== basePath && !path.startsWith(`${basePath}/`)) throw new ApiError(404, "Not Found");
  const segments = path.slice(basePath.length).split("/").filter(Boolean).map(decodeSegment);
  request.query = { ...query(search), ...(segments.length > 0 && { nextauth: segments }) };
  request.cookies = parseCookies(request.headers.cookie ?? "");

  response.status = (status) => {
    response.statusCode = status;
    return response;
  };
  response.json = (value) => {
    response.setHeader("Content-Type", "application/json; charset=utf-8");
    response.send(JSON.stringify(value));
  };
  response.send = (value) => {
    if (value === null || value === undefined) return response.end();
    if (typeof value !== "string") return response.json(value);
    response.setHeader("Content-Length", Buffer.byteLength(value));
    response.end(value);
  };
}

function decodeSegment(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ApiError(400, "Bad Request");
  }
}

/** A parameter that comes more than once is an array, as in Next.js. */
function query(search) {
  const parsed = {};
  for (const [name, value] of new URLSearchParams(search)) {
    parsed[name] = name in parsed ? [parsed[name], value].flat() : value;
  }
  return parsed;
}

async function body(request) {
  const type = (request.headers["content-type"] ?? "text/plain").split(";")[0].trim().toLowerCase();
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > BODY_LIMIT) throw new ApiError(413, "Body exceeded 1mb limit");
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  if (type === "application/json" || type === "application/ld+json") return parseJson(bytes.toString());
  if (type === "application/x-www-form-urlencoded") return parseForm(bytes.toString());
  return type === "text/plain" ? bytes.toString() : bytes;
}

function parseJson(text) {
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(400, "Invalid JSON");
  }
}
