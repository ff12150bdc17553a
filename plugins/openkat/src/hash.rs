//! What makes two tasks the same work: `MurmurHash3` of a key.

use std::io::Cursor;

/// The hash of a key: `MurmurHash3`, x64, 128 bit, seed 0, as 32 hex digits.
///
/// ```
/// assert_eq!(openkat::hash::of("a"), "897859f6655555855a890e51483ab5e6");
/// ```
pub fn of(key: &str) -> String {
    use std::fmt::Write as _;
    number(key).to_le_bytes().iter().fold(String::with_capacity(32), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The same as a number; for choices that look random and are not.
pub fn number(key: &str) -> u128 {
    murmur3::murmur3_x64_128(&mut Cursor::new(key), 0).expect("memory can be read")
}

/// Of a boefje task. An empty object is none.
pub fn boefje(object: Option<&str>, boefje: &str, organisation: &str) -> String {
    match object.filter(|object| !object.is_empty()) {
        Some(object) => of(&format!("{object}-{boefje}-{organisation}")),
        None => of(&format!("{boefje}-{organisation}")),
    }
}

/// Of a normalizer task; `run` is the run of the boefje.
pub fn normalizer(normalizer: &str, run: uuid::Uuid, organisation: &str) -> String {
    of(&format!("{normalizer}-{run}-{organisation}"))
}

/// Of a report task.
pub fn report(recipe: &str, organisation: &str) -> String {
    of(&format!("{recipe}-{organisation}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_openkat() {
        for (key, hash) in [
            ("", "00000000000000000000000000000000"),
            ("a", "897859f6655555855a890e51483ab5e6"),
            ("0123456789abcdef", "a7d14acf946de04bda08a7635c5bc387"),
            ("Hostname|internet|example.com-dns-records-_dev", "59a1e6158667aa968e6f2ddfff035531"),
            ("dns-records-_dev", "0bdf74b8bb6f334c5e2ab6bfd43debae"),
            (
                "kat_dns_normalize-1eb1bb5a-3e7b-4ad6-a4cf-1f6a8f1b6c2e-_dev",
                "c6f0d770e5d6d53d1563b23eac9cf286",
            ),
            ("8c5b8c3e-1d0e-4a3a-9e0f-0c9f5f3f2b11-_dev", "9d7c6288325bda17104ff01698073b72"),
            ("é|ü-x-y", "b0224f613d5396e98d80b0d3c98236c1"),
            (
                "Hostname|internet|h01.example.com-dns-records-org-1",
                "69072a80bec7456cadea7349cc704ab9",
            ),
        ] {
            assert_eq!(of(key), hash, "{key}");
        }
    }

    #[test]
    fn the_key_of_a_boefje_task_leaves_out_an_object_that_is_not_there() {
        let with = boefje(Some("Hostname|internet|example.com"), "dns-records", "_dev");
        assert_eq!(with, "59a1e6158667aa968e6f2ddfff035531");
        for object in [None, Some("")] {
            assert_eq!(boefje(object, "dns-records", "_dev"), "0bdf74b8bb6f334c5e2ab6bfd43debae");
        }
    }

    #[test]
    fn the_key_of_a_normalizer_task_has_the_run_in_lower_case_with_hyphens() {
        let run = "1EB1BB5A3E7B4AD6A4CF1F6A8F1B6C2E".parse().unwrap();
        assert_eq!(
            normalizer("kat_dns_normalize", run, "_dev"),
            "c6f0d770e5d6d53d1563b23eac9cf286"
        );
    }

    #[test]
    fn the_key_of_a_report_task_begins_with_the_recipe() {
        assert_eq!(
            report("33333333-3333-4333-8333-333333333301", "org-1"),
            "d8ecb192b62c217c27bd0bfc76965ac2"
        );
    }
}
