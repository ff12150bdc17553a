//! Packages of Debian, whose services are not started.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use anyhow::Context;

use crate::sh;

/// What keeps packages from starting the service that they bring.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Installs a package where that is possible; whether it is.
pub(super) fn install(package: &str) -> anyhow::Result<bool> {
    if !sh::has("apt-get") || !is_root()? {
        return Ok(false);
    }
    sh::step(format_args!("install Debian's package `{package}` for the tests, once"));
    let silent = (!Path::new(POLICY).exists()).then(|| fs::write(POLICY, "#!/bin/sh\nexit 101\n"));
    if silent.is_some() {
        fs::set_permissions(POLICY, fs::Permissions::from_mode(0o755))?;
    }
    let installed = run(package);
    if silent.is_some() {
        fs::remove_file(POLICY).with_context(|| format!("cannot remove {POLICY}"))?;
    }
    installed.map(|()| true)
}

fn is_root() -> anyhow::Result<bool> {
    Ok(sh::output(Command::new("id").arg("-u"))?.trim() == "0")
}

fn run(package: &str) -> anyhow::Result<()> {
    let apt = |arguments: &[&str]| {
        sh::output(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    let packages = ["install", "-y", "--no-install-recommends", package];
    if apt(&packages).is_err() {
        // The lists may be missing, or too old.
        apt(&["update"])?;
        apt(&packages)?;
    }
    Ok(())
}
