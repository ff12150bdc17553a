//! OpenKAT around a host: what its services answer, and the work that comes of it.

pub(crate) mod mutation;
pub(crate) mod services;

/// Organisations that use the boefjes.
pub(crate) const ORGANISATIONS: u64 = 8;

/// Boefjes that each of them uses, all on every hostname.
pub(crate) const BOEFJES: u64 = 10;

/// The name of an organisation.
pub(crate) fn organisation(number: u64) -> String {
    format!("org-{}", number % ORGANISATIONS)
}

/// The name of a boefje.
pub(crate) fn boefje(number: u64) -> String {
    format!("boefje-{}", number % BOEFJES)
}

/// The container image that a boefje runs in: as many boefjes in one as in the other.
pub(crate) fn image(number: u64) -> &'static str {
    if number.is_multiple_of(2) {
        "ghcr.io/example/generic:latest"
    } else {
        "ghcr.io/example/nmap:latest"
    }
}
