// Reads the calendars in a folder with ical.js, and compares the dates with those that are expected.
// The time zones are those that the files describe: ical.js has none of its own.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, tools] = process.argv.slice(2);
const loaded = await import(createRequire(join(tools, "package.json")).resolve("ical.js"));
const ICAL = loaded.default;
ICAL.design.strict = true;

const from = Date.UTC(2026, 0, 1) / 1000;
const until = Date.UTC(2028, 0, 1) / 1000;

function dates(text) {
    const calendar = new ICAL.Component(ICAL.parse(text));
    const events = calendar.getAllSubcomponents("vevent").map((one) => new ICAL.Event(one, { strictExceptions: true }));
    const [main, ...exceptions] = events;
    exceptions.forEach((exception) => main.relateException(exception));
    const found = new Set();
    const steps = main.iterator();
    for (let next = steps.next(); next && next.toUnixTime() < until + 86400; next = steps.next()) {
        const { item, startDate } = main.getOccurrenceDetails(next);
        const at = startDate.toUnixTime();
        if (item.component.getFirstPropertyValue("status") !== "CANCELLED" && from <= at && at < until) {
            found.add(at);
        }
    }
    return [...found].sort((a, b) => a - b);
}

const expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8"));
let wrong = 0;
for (const [name, wanted] of Object.entries(expected)) {
    const text = readFileSync(join(folder, `${name}.ics`), "utf8");
    // ical.js takes the week for every week of the year.
    if (text.includes(";BYWEEKNO=")) {
        continue;
    }
    const found = dates(text);
    if (found.join() !== wanted.join()) {
        wrong += 1;
        const odd = [...found.filter((at) => !wanted.includes(at)), ...wanted.filter((at) => !found.includes(at))];
        const shown = odd.slice(0, 6).map((at) => new Date(at * 1000).toISOString());
        console.error(`${name}.ics: ical.js has other dates: ${shown}`);
    }
}
if (wrong > 0) {
    process.exit(1);
}
console.log(`test-calendars: ${Object.keys(expected).length} calendars are as they should be, by ical.js`);
