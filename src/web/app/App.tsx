import { Component, type ComponentChildren, type ComponentType } from "preact";
import { LocationProvider, lazy, Route, Router, useLocation } from "preact-iso";
import { user } from "../device/session.ts";
import { MODULES } from "../modules.ts";
import { maySee, PAGE_NAMES, PAGES, type PageName } from "../pages.ts";
import { Home } from "../phone/Home.tsx";
import { LiveRegion } from "../ui/live.tsx";
import { Bar } from "./Bar.tsx";
import type { PageProps } from "./props.ts";
import { Crash, NeedsNetwork, NotAllowed, NotFound } from "./states.tsx";

const part = (name: Exclude<PageName, "home">) => lazy(() => MODULES[name]().catch(() => ({ default: NeedsNetwork })));

const PARTS = new Map<PageName, ComponentType<PageProps>>(
  PAGE_NAMES.map((name) => [name, name === "home" ? Home : part(name)]),
);

/** A page for who may see it. Who may not gets neither its code nor its data; who is not signed in signs in right here. */
function guarded(name: PageName) {
  return function Guarded(props: PageProps) {
    const { path } = useLocation();
    const role = user.value?.role ?? null;
    const shown = maySee(role, name) ? name : role === null ? "signIn" : null;
    if (shown === null) return <NotAllowed name={name} />;
    const Part = PARTS.get(shown);
    return Part && <Part key={path} {...props} />;
  };
}

const GUARDED = PAGE_NAMES.map((name) => [PAGES[name].path, guarded(name)] as const);

// Whether *back* stays within the app is noted in the history itself, which outlives a reload.
if (history.state === null) history.replaceState({ inside: false }, "");
const markInside = () => {
  if (history.state === null) history.replaceState({ inside: true }, "");
};

function Frame() {
  const { path } = useLocation();
  const role = path === PAGES.signIn.path ? undefined : user.value?.role;
  return (
    <div class={role ? "frame" : "frame without-bar"}>
      <Router onRouteChange={markInside}>
        {GUARDED.map(([path, component]) => (
          <Route key={path} path={path} component={component} />
        ))}
        <Route default component={NotFound} />
      </Router>
      {role && <Bar role={role} />}
      <LiveRegion />
    </div>
  );
}

class Boundary extends Component<{ children: ComponentChildren }, { error: unknown }> {
  static override getDerivedStateFromError = (error: unknown) => ({ error });

  override render() {
    return this.state.error === undefined ? this.props.children : <Crash error={this.state.error} />;
  }
}

/** Addresses that the router leaves to the browser: the API's files and pages. */
const OURS = /^\/(?!api\/|problems|docs-assets\/)/;

/** The app. */
export function App() {
  return (
    <Boundary>
      <LocationProvider scope={OURS}>
        <Frame />
      </LocationProvider>
    </Boundary>
  );
}
