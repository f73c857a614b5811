//! What is measured, and for how long.

use std::time::Duration;

use crate::Done;
use crate::load::Phases;

/// How many rooms there are to be granted in one go: more than anybody grants in that time.
pub const ROOMS: u64 = 300_000;

/// A part of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Grants,
    Refusals,
    Growth,
    Rush,
    Start,
    Build,
}

const PARTS: [(&str, Part); 6] = [
    ("grants", Part::Grants),
    ("refusals", Part::Refusals),
    ("growth", Part::Growth),
    ("rush", Part::Rush),
    ("start", Part::Start),
    ("build", Part::Build),
];

/// What is run: every part, where none is named.
#[derive(Debug)]
pub struct Plan {
    parts: Vec<Part>,
    is_quick: bool,
    skips_cold_build: bool,
}

impl Plan {
    /// What the command line says. `cargo bench` adds `--bench` to it.
    pub fn parse(arguments: &[String]) -> Done<Self> {
        let mut plan = Self { parts: Vec::new(), is_quick: false, skips_cold_build: false };
        for argument in arguments {
            match PARTS.iter().find(|(name, _)| name == argument) {
                Some((_, part)) => plan.parts.push(*part),
                None if argument == "--quick" => plan.is_quick = true,
                None if argument == "--skip-cold-build" => plan.skips_cold_build = true,
                None if argument == "--bench" => {}
                None => return Err(format!("`{argument}` is no part of it; there are {}", names()).into()),
            }
        }
        Ok(plan)
    }

    /// Whether the part is run.
    pub fn has(&self, part: Part) -> bool {
        self.parts.is_empty() || self.parts.contains(&part)
    }

    /// How often everything is measured; the median counts.
    pub fn repeats(&self) -> usize {
        if self.is_quick { 1 } else { 3 }
    }

    /// How long each is asked, and how long of that it is measured.
    pub fn phases(&self) -> Phases {
        let measured = Duration::from_secs(if self.is_quick { 2 } else { 4 });
        Phases { warm_up: Duration::from_secs(1), measured }
    }

    /// The schedules that it grows through: how many rooms, and how many dates each of them has.
    pub fn schedules(&self) -> [(u64, u64); 3] {
        [(1000, 1), (100_000, 1), (100_000, if self.is_quick { 10 } else { 100 })]
    }

    /// How often grants and refusals are measured in each of them, in each repeat.
    pub fn turns(&self) -> usize {
        if self.is_quick { 1 } else { 5 }
    }

    /// How often a thousand rooms are granted each time.
    pub fn rounds(&self) -> usize {
        if self.is_quick { 5 } else { 4 }
    }

    pub fn skips_cold_build(&self) -> bool {
        self.skips_cold_build
    }
}

fn names() -> String {
    PARTS.map(|(name, _)| name).join(", ")
}
