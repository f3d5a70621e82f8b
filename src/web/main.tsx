import "./ui/tokens.css";
import "./ui/base.css";
import "./ui/parts.css";
import "./ui/forms.css";
import "./ui/cards.css";
import "./app/frame.css";
import "./phone/phone.css";
import { render } from "preact";
import { App } from "./app/App.tsx";
import { runClock } from "./device/clock.ts";
import { applySettings } from "./device/settings.ts";
import { keepUpToDate } from "./device/update.ts";

applySettings();
runClock();
const root = document.getElementById("app");
if (root) render(<App />, root);
keepUpToDate();
