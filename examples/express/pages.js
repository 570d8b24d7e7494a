// The pages, as text. Names come from people, so they are escaped.
const escape = (text) => String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const page = (content) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Shop</title>
${content}
</html>`;

const person = (session) =>
  session
    ? `<header>Signed in as ${escape(session.user.name)}. <a href="/api/auth/signout?callbackUrl=/">Sign out</a></header>`
    : `<header>Nobody is signed in. <a href="/api/auth/signin?callbackUrl=/">Sign in</a></header>`;

export const home = (session) =>
  page(`${person(session)}
<main>
  <h1>Shop</h1>
  <ul>
    <li><a href="/orders">Orders</a>: protected on the server
    <li><a href="/profile">Profile</a>: protected in the browser
    <li><a href="/api/orders">/api/orders</a>: answers 401 to nobody
  </ul>
</main>`);

export const orders = (session) =>
  page(`${person(session)}
<main>
  <h1>Orders of ${escape(session.user.name)}</h1>
</main>`);

/** The same page for everybody, which finds out in the browser who looks at it. */
export const profile = () =>
  page(`<main>
  <h1>One moment …</h1>
</main>
<script type="module">
  const answer = await fetch("/api/auth/session");
  const session = await answer.json();
  if (session?.user) {
    document.querySelector("h1").textContent = "Profile of " + session.user.name;
  } else {
    location = "/api/auth/signin?callbackUrl=" + encodeURIComponent(location.href);
  }
</script>`);
