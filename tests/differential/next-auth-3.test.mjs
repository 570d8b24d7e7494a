import allowed from "./allowed/next-auth-3.mjs";
import { keywardAgainstReference } from "./suite.mjs";

keywardAgainstReference({ dialect: "next-auth-3", allowed });
