/** The middleware of next-auth 4: opens the session's cookie, or sends the person to the sign-in page. */
export { default as proxy } from "next-auth/middleware";

export const config = { matcher: ["/reports"] };
