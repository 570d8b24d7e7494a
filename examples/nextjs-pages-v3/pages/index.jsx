import Link from "next/link";

export default function Home() {
  return (
    <main>
      <h1>Shop</h1>
      <ul>
        <li>
          <Link href="/orders">Orders</Link>: protected on the server
        </li>
        <li>
          <Link href="/profile">Profile</Link>: protected in the browser
        </li>
        <li>
          <a href="/api/orders">/api/orders</a>: answers 401 to nobody
        </li>
      </ul>
    </main>
  );
}
