import allowed from "./allowed/next-auth-4.mjs";
import { keywardAgainstReference } from "./suite.mjs";

keywardAgainstReference({ dialect: "next-auth-4", allowed });
