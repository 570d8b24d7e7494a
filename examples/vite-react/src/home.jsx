export function Home() {
  return (
    <main>
      <h1>Shop</h1>
      <ul>
        <li>
          <a href="/orders">Orders</a>: from the API, which knows who asks
        </li>
        <li>
          <a href="/profile">Profile</a>: protected in the browser
        </li>
        <li>
          <a href="/api/orders">/api/orders</a>: answers 401 to nobody
        </li>
      </ul>
    </main>
  );
}
