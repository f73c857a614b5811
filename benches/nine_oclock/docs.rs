//! Puts what the last run found into `docs/performance.md`, between its two marks, and the picture and the plans beside it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::Done;
use crate::report::folder;

const PAGE: &str = "docs/performance.md";
const BESIDE: [&str; 2] = ["nine-oclock.svg", "plans.txt"];

/// Where criterion leaves what it found, a folder for each group of benches and in it one for each bench.
const CRITERION: &str = "target/criterion";
const BEGIN: &str = "<!-- results: written by `make bench-docs` -->\n";
const END: &str = "<!-- end of results -->";

pub fn write() -> Done {
    let results: Value = serde_json::from_str(&fs::read_to_string(folder()?.join("results.json"))?)?;
    let page = fs::read_to_string(PAGE)?;
    let (before, rest) = page.split_once(BEGIN).ok_or("the page has no place for results")?;
    let (_, after) = rest.split_once(END).ok_or("the place for results has no end")?;
    for file in BESIDE {
        let (from, to) = (folder()?.join(file), Path::new("docs").join(file));
        fs::copy(&from, to).map_err(|error| format!("{}: {error}", from.display()))?;
    }
    fs::write(PAGE, [before, BEGIN, &told(&results)?, END, after].concat())?;
    Ok(())
}

fn told(results: &Value) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let machine = &results["machine"];
    writeln!(
        text,
        "Measured on {} at commit {}: {}, {} cores, {} GiB, Linux {}, PostgreSQL {}.\n",
        word(&results["date"]),
        word(&results["commit"]),
        word(&machine["processor"]),
        machine["cores"],
        machine["memory_gib"],
        word(&machine["kernel"]),
        word(&machine["postgresql"]),
    )?;
    writeln!(text, "![Answers per second and p99 by how many ask at once](nine-oclock.svg)\n")?;
    writeln!(text, "| | at once | per second | p50, ms | p99, ms | to pgbench | to the constant |")?;
    writeln!(text, "|---|--:|--:|--:|--:|--:|--:|")?;
    for row in list(&results["measurements"]) {
        writeln!(
            text,
            "| {} | {} | {:.0} | {} | {} | {} | {} |",
            word(&row["name"]),
            row["concurrency"],
            row["rps"].as_f64().unwrap_or_default(),
            number(&row["p50_ms"]),
            number(&row["p99_ms"]),
            number(&row["ratio_to_pgbench"]),
            number(&row["ratio_to_constant"]),
        )?;
    }
    writeln!(text, "\n| wanted | | found | |\n|---|--:|--:|---|")?;
    for target in list(&results["targets"]) {
        let (least, most) = (&target["at_least"], &target["at_most"]);
        let bound = if least.is_null() { format!("at most {most}") } else { format!("at least {least}") };
        let verdict = if target["is_met"] == true { "met" } else { "missed" };
        writeln!(text, "| {} | {bound} | {} | {verdict} |", word(&target["what"]), number(&target["found"]))?;
    }
    let bytes = |value: &Value| value.as_f64().map(|bytes| bytes / 1024.0 / 1024.0).unwrap_or_default();
    writeln!(text, "\n- **The program** has {:.1} MiB.", bytes(&results["binary_bytes"]))?;
    let build = &results["cold_build"];
    if let Some(seconds) = build["seconds"].as_u64() {
        writeln!(
            text,
            "- **Built from nothing** it was in {seconds} s, at commit {}.",
            word(&build["commit"])
        )?;
    }
    if let Some(rush) = results["rush"].as_object() {
        let facts: Vec<_> = rush
            .iter()
            .map(|(name, value)| format!("{} {}", name.replace('_', " "), number(value)))
            .collect();
        writeln!(text, "- **Rush hour:** {}.", facts.join(", "))?;
    }
    let mut pure = Vec::new();
    add_medians(Path::new(CRITERION), &mut pure);
    if !pure.is_empty() {
        pure.sort_by(|(one, _), (other, _)| one.cmp(other));
        writeln!(text, "\n| what takes no database | median, µs |\n|---|--:|")?;
        for (what, nanoseconds) in pure {
            writeln!(text, "| {what} | {:.2} |", nanoseconds / 1000.0)?;
        }
    }
    writeln!(text)?;
    Ok(text)
}

/// Adds what criterion found in this folder and those below: the name of each bench, and its median in nanoseconds. Nothing where
/// it did not run.
fn add_medians(folder: &Path, found: &mut Vec<(String, f64)>) {
    let read = |file| -> Option<Value> {
        serde_json::from_str(&fs::read_to_string(folder.join("new").join(file)).ok()?).ok()
    };
    if let (Some(bench), Some(estimates)) = (read("benchmark.json"), read("estimates.json")) {
        let nanoseconds = estimates["median"]["point_estimate"].as_f64().unwrap_or_default();
        found.push((word(&bench["full_id"]).to_owned(), nanoseconds));
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            add_medians(&entry.path(), found);
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn number(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Number(number) if number.is_f64() => format!("{:.2}", number.as_f64().unwrap_or_default()),
        other => other.to_string(),
    }
}
