//! What came out: told while it runs, then in a table, in `target/bench/results.json` and in a picture.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use frontdesk::clock::Clock;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::figures::{Figures, median};
use crate::load::Tally;
use crate::machine::{Machine, commit};
use crate::{Done, picture, targets};

pub struct Report {
    /// By name and concurrency, one for each repeat.
    pub measured: BTreeMap<(String, usize), Vec<Figures>>,
    /// What is one number, or a few.
    pub notes: Map<String, Value>,
    pub machine: Machine,
    pub date: String,
    wrong: u64,
}

/// One measurement: the medians of its repeats.
#[derive(Debug, Serialize)]
struct Row<'a> {
    name: &'a str,
    concurrency: usize,
    #[serde(flatten)]
    figures: Figures,
    ratio_to_pgbench: Option<f64>,
    ratio_to_constant: Option<f64>,
}

impl Report {
    pub fn new(postgresql: &str) -> Self {
        Self {
            measured: BTreeMap::new(),
            notes: Map::new(),
            machine: Machine::this(postgresql),
            date: Clock::system().now().format("%Y-%m-%d").to_string(),
            wrong: 0,
        }
    }

    pub fn measured(&mut self, name: &str, concurrency: usize, figures: Figures) {
        println!("  {}", line(name, concurrency, figures));
        self.measured.entry((name.to_owned(), concurrency)).or_default().push(figures);
    }

    pub fn note(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        println!("  {name}: {value}");
        self.notes.insert(name.to_owned(), value);
    }

    /// Whether every answer was right.
    pub fn check(&mut self, name: &str, tally: &Tally) {
        if let Some(example) = &tally.example {
            self.wrong(tally.wrong, &format!("{name}, such as {example}"));
        }
    }

    pub fn wrong(&mut self, count: u64, what: &str) {
        println!("  WRONG, {count}: {what}");
        self.wrong += count;
    }

    /// A figure of one over that of another, each repeat by itself, and the median of that.
    pub fn ratio(
        &self,
        one: (&str, usize),
        other: (&str, usize),
        figure: fn(&Figures) -> f64,
    ) -> Option<f64> {
        let of = |(name, concurrency): (&str, usize)| self.measured.get(&(name.to_owned(), concurrency));
        let each: Vec<_> = of(one)?.iter().zip(of(other)?).map(|(a, b)| figure(a) / figure(b)).collect();
        Some(median(each))
    }

    fn rows(&self) -> Vec<Row<'_>> {
        let row = |((name, concurrency), all): (&'_ (String, usize), &Vec<Figures>)| {
            let part = name.split('/').next().unwrap_or_default();
            let ratio_to = |other: &str| {
                self.ratio((name, *concurrency), (&format!("{part}/{other}"), *concurrency), |f| f.rps)
            };
            (Figures::median(all), ratio_to("pgbench"), ratio_to("constant"))
        };
        let rows = self.measured.iter().map(|entry| {
            let (figures, ratio_to_pgbench, ratio_to_constant) = row(entry);
            let (name, concurrency) = entry.0;
            Row { name, concurrency: *concurrency, figures, ratio_to_pgbench, ratio_to_constant }
        });
        rows.collect()
    }

    /// Tells all of it, and fails where an answer was wrong.
    pub fn close(self) -> Done {
        let rows = self.rows();
        let shown = |ratio: Option<f64>| ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
        println!("\n{}, commit {}: {}", self.date, commit(), self.machine.told());
        println!(
            "The last columns are ratios to pgbench and to the constant handler, each repeat by itself.\n"
        );
        for row in &rows {
            let (one, other) = (shown(row.ratio_to_pgbench), shown(row.ratio_to_constant));
            println!("{} {one:>6} {other:>6}", line(row.name, row.concurrency, row.figures));
        }
        for (name, note) in &self.notes {
            println!("{name}: {note}");
        }
        let targets = targets::judge(&self);
        println!();
        for target in &targets {
            println!("{target}");
        }
        let results = json!({
            "date": self.date,
            "commit": commit(),
            "machine": self.machine,
            "measurements": rows,
            "targets": targets,
            "wrong_answers": self.wrong,
        });
        let Value::Object(mut results) = results else { return Err("no object".into()) };
        results.extend(self.notes.clone());
        fs::write(folder()?.join("results.json"), serde_json::to_string_pretty(&results)?)?;
        if let Some(picture) = picture::draw(&self) {
            fs::write(folder()?.join("nine-oclock.svg"), picture)?;
        }
        match self.wrong {
            0 => Ok(()),
            wrong => Err(format!("{wrong} answers were wrong").into()),
        }
    }
}

fn line(name: &str, concurrency: usize, Figures { rps, p50_ms, p99_ms }: Figures) -> String {
    format!("{name:26} {concurrency:4} {rps:9.0}/s  p50 {p50_ms:8.2} ms  p99 {p99_ms:8.2} ms")
}

/// Where results go.
pub fn folder() -> Done<PathBuf> {
    let folder = PathBuf::from("target/bench");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
