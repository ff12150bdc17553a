//! The programs of RabbitMQ.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use crate::sh;

/// The programs of RabbitMQ, without the wrappers that become another user.
pub(super) struct Programs {
    pub(super) server: PathBuf,
    pub(super) ctl: PathBuf,
}

/// Folders that have them: of packages, then of the usual other ways.
const FOLDERS: &[&str] =
    &["/usr/lib/rabbitmq/bin", "/opt/homebrew/opt/rabbitmq/sbin", "/usr/local/opt/rabbitmq/sbin"];

/// What keeps Debian's packages from starting the service that they bring.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// The programs; none: they are not here, and cannot be installed.
pub(super) fn find_or_install() -> anyhow::Result<Option<Programs>> {
    if let Some(programs) = find() {
        return Ok(Some(programs));
    }
    if !sh::has("apt-get") || !is_root()? {
        return Ok(None);
    }
    sh::step("install Debian's package `rabbitmq-server` for the tests, once");
    let silent = (!Path::new(POLICY).exists()).then(|| fs::write(POLICY, "#!/bin/sh\nexit 101\n"));
    if silent.is_some() {
        fs::set_permissions(POLICY, fs::Permissions::from_mode(0o755))?;
    }
    let installed = install();
    if silent.is_some() {
        fs::remove_file(POLICY).with_context(|| format!("cannot remove {POLICY}"))?;
    }
    installed?;
    Ok(find())
}

fn find() -> Option<Programs> {
    FOLDERS.iter().map(Path::new).find(|folder| folder.join("rabbitmqctl").is_file()).map(
        |folder| Programs {
            server: folder.join("rabbitmq-server"),
            ctl: folder.join("rabbitmqctl"),
        },
    )
}

fn is_root() -> anyhow::Result<bool> {
    Ok(sh::output(Command::new("id").arg("-u"))?.trim() == "0")
}

fn install() -> anyhow::Result<()> {
    let apt = |arguments: &[&str]| {
        sh::output(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    let packages = ["install", "-y", "--no-install-recommends", "rabbitmq-server"];
    if apt(&packages).is_err() {
        // The lists may be missing, or too old.
        apt(&["update"])?;
        apt(&packages)?;
    }
    Ok(())
}
