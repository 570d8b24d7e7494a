import express from "express";
import { createProxyMiddleware } from "http-proxy-middleware";

import { sessionOf } from "./lib/session.js";
import { home, orders, profile } from "./pages.js";

const app = express();

const keyward = process.env.KEYWARD_URL ?? "http://localhost:4000";
app.use(createProxyMiddleware({ target: keyward, pathFilter: "/api/auth/**", xfwd: true }));

/** Asks Keyward with the cookie that the browser sent. */
async function findSession(req, res, next) {
  req.session = await sessionOf(req);
  next();
}

/** For pages: nobody goes to the sign-in page, and comes back from there. */
function pageGuard(req, res, next) {
  if (req.session) return next();
  res.redirect(`/api/auth/signin?callbackUrl=${encodeURIComponent(req.originalUrl)}`);
}

/** For the API: nobody is refused. */
function apiGuard(req, res, next) {
  if (req.session) return next();
  res.status(401).json({ error: "sign in first" });
}

app.get("/", findSession, (req, res) => res.send(home(req.session)));
app.get("/orders", findSession, pageGuard, (req, res) => res.send(orders(req.session)));
app.get("/profile", (req, res) => res.send(profile()));
app.get("/api/orders", findSession, apiGuard, (req, res) => {
  res.json({ orders: [`a book for ${req.session.user.name}`] });
});

app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
