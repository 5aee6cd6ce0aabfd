import { PacelineError } from "../../core/errors.ts";

/** More would cost more than it could ever save. */
const MAX_URLS = 8;

/** The URLs of a list separated by commas. Throws PacelineError `bad-input`. */
export function requireUrls(list: string): string[] {
  const urls = list.split(",").map((url) => url.trim());
  for (const url of urls) {
    if (/^(https?|wss?):\/\//.test(url) && URL.canParse(url)) continue;
    throw new PacelineError(
      "bad-input",
      `${shownUrl(url)} is no endpoint: give a URL that starts with http://, https://, ws:// or wss://`,
    );
  }
  if (urls.length > MAX_URLS || new Set(urls).size < urls.length) {
    throw new PacelineError("bad-input", `give up to ${MAX_URLS} different endpoints, separated by commas`);
  }
  return urls;
}

/** An endpoint's URL as messages and logs may show it: providers put keys into the path, the query and the user's part. */
export function shownUrl(list: string): string {
  return list.split(",").map(shownOne).join(",");
}

function shownOne(url: string): string {
  if (!URL.canParse(url)) return url;
  const { protocol, host, pathname, search } = new URL(url);
  return `${protocol}//${host}${pathname === "/" && search === "" ? "" : "/…"}`;
}
