import { render } from "preact";

const root = document.getElementById("app");
if (root) render(<h1>Shopfloor Tickets</h1>, root);
