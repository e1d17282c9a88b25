// The addresses of the views. They are Headlamp's, `/c/<cluster>/…`.

import { clusterName } from "./api.js";

/** The address of a view, from the parts of its path below the cluster. */
export const viewPath = (...parts) =>
  `/c/${[clusterName(), ...parts].filter(Boolean).map(encodeURIComponent).join("/")}`;
