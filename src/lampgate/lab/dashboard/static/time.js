// Ages and moments.

const UNITS = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "m"],
  [1, "s"],
];

const ageInWords = (iso) => {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(iso)) / 1000));
  const [size, unit] = UNITS.find(([each]) => seconds >= each) ?? [1, "s"];
  return `${Math.floor(seconds / size)}${unit}`;
};

/** How long ago something was; it stays right while it is shown. */
export function age(iso) {
  const element = document.createElement("time");
  if (!iso) return element;
  element.dateTime = iso;
  element.title = moment(iso);
  element.textContent = ageInWords(iso);
  return element;
}

/** Date and time, as this browser's language has it. */
export const moment = (value) =>
  new Date(value).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });

window.setInterval(() => {
  for (const element of document.querySelectorAll("time[datetime]"))
    element.textContent = ageInWords(element.dateTime);
}, 5000);
