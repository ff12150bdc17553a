//! The work of the demo: hosts of several organisations, and a catalogue of scans.
//!
//! Made from a seed, so that two runs show the same.

use serde_json::{Value, json};

/// Organisations and their domains.
const ORGANISATIONS: [(&str, &str); 8] = [
    ("city-clinic", "clinic.example"),
    ("harbour-office", "harbour.example"),
    ("north-water", "water.example"),
    ("open-college", "college.example"),
    ("rail-freight", "freight.example"),
    ("tax-counter", "tax.example"),
    ("town-hall", "townhall.example"),
    ("wind-park", "wind.example"),
];

/// What hosts do, how much hangs on them (1 to 5), and whether the internet reaches them.
const ROLES: [(&str, i64, bool); 10] = [
    ("vpn", 5, true),
    ("mail", 4, true),
    ("www", 3, true),
    ("api", 4, true),
    ("shop", 4, true),
    ("wiki", 2, false),
    ("build", 3, false),
    ("print", 1, false),
    ("files", 3, false),
    ("test", 1, true),
];

/// A scan of the catalogue.
struct Scan {
    name: &'static str,
    /// How deep it digs; a host must have at least this clearance.
    level: i64,
    /// How long it takes.
    minutes: i64,
}

/// The catalogue of scans.
const CATALOGUE: [Scan; 12] = [
    Scan { name: "dns-records", level: 1, minutes: 1 },
    Scan { name: "tls-versions", level: 1, minutes: 2 },
    Scan { name: "http-headers", level: 1, minutes: 1 },
    Scan { name: "certificate-chain", level: 1, minutes: 1 },
    Scan { name: "mail-policy", level: 1, minutes: 1 },
    Scan { name: "port-sweep", level: 2, minutes: 8 },
    Scan { name: "service-banners", level: 2, minutes: 6 },
    Scan { name: "known-flaws", level: 2, minutes: 20 },
    Scan { name: "login-forms", level: 3, minutes: 15 },
    Scan { name: "weak-passwords", level: 3, minutes: 40 },
    Scan { name: "web-crawl", level: 3, minutes: 60 },
    Scan { name: "full-audit", level: 4, minutes: 180 },
];

/// One scan of one host, to be pushed as a task.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// The id of the task: a UUID.
    pub(crate) id: String,
    /// Whose host it is.
    pub(crate) organisation: &'static str,
    /// What to do.
    pub(crate) data: Value,
}

/// A source of jobs that never repeat.
pub(crate) struct Town {
    chance: Chance,
    hosts: u64,
}

impl Town {
    /// A town from a seed; towns of different seeds share no host.
    pub(crate) fn new(seed: u64) -> Self {
        Self { chance: Chance(seed), hosts: seed << 32 }
    }

    /// The jobs of the next host: the scans that its clearance allows.
    pub(crate) fn next_host(&mut self) -> Vec<Job> {
        self.hosts += 1;
        let (organisation, domain) = *self.chance.pick(&ORGANISATIONS);
        let (role, criticality, exposed) = *self.chance.pick(&ROLES);
        let clearance = self.chance.between(1, 4);
        let host = format!("{role}-{:x}.{domain}", self.hosts);
        let stale_days = self.chance.between(0, 30);
        CATALOGUE
            .iter()
            .filter(|scan| scan.level <= clearance)
            .filter(|scan| scan.name != "mail-policy" || role == "mail")
            .map(|scan| Job {
                id: self.chance.uuid(),
                organisation,
                data: json!({
                    "host": host,
                    "scan": scan.name,
                    "scan_level": scan.level,
                    "minutes": scan.minutes,
                    "criticality": criticality,
                    "exposed": exposed,
                    "stale_days": stale_days,
                }),
            })
            .collect()
    }
}

/// Pseudo-random numbers (splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1).unsigned_abs()).cast_signed()
    }

    #[expect(clippy::indexing_slicing, reason = "a remainder by the length is a place")]
    fn pick<'a, T, const N: usize>(&mut self, from: &'a [T; N]) -> &'a T {
        &from[(self.next() % N as u64) as usize]
    }

    /// A random UUID (version 4).
    fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            (low >> 48) & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn towns_of_different_seeds_share_no_host_and_no_id() {
        let jobs = |seed| {
            let mut town = Town::new(seed);
            (0..200).flat_map(|_| town.next_host()).collect::<Vec<_>>()
        };
        let all: Vec<Job> = [jobs(1), jobs(2), jobs(3)].concat();
        let ids: HashSet<_> = all.iter().map(|job| &job.id).collect();
        let work: HashSet<_> =
            all.iter().map(|job| format!("{}{}", job.data["host"], job.data["scan"])).collect();
        assert_eq!((ids.len(), work.len()), (all.len(), all.len()));
        assert_eq!(jobs(1)[17].data, jobs(1)[17].data);
    }

    #[test]
    fn a_host_gets_no_scan_beyond_its_clearance() {
        let mut town = Town::new(9);
        let hosts: Vec<_> = (0..100).map(|_| town.next_host()).collect();
        assert!(hosts.iter().any(|jobs| jobs.iter().all(|job| job.data["scan_level"] == 1)));
        assert!(hosts.iter().any(|jobs| jobs.iter().any(|job| job.data["scan_level"] == 4)));
    }
}
