//! The builder's own keys: what starts (Secure Boot), and what is taken for an update (OpenPGP).
//!
//! They are made at the first build and never leave the folder: `$MADOGUCHI_KEYS`, or `~/.local/share/madoguchi/keys`. A
//! town's real keys belong on a hardware token; this folder is the place to put what speaks for it.

use crate::steps::Steps;
use anyhow::{Context, Result};
use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

/// One set of keys.
pub struct Keys {
    folder: PathBuf,
}

impl Keys {
    /// The set for real images or for those of developers: neither starts what the other signed.
    pub fn made(steps: &mut Steps, debug: bool) -> Result<Self> {
        let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".local/share/madoguchi/keys"));
        let all = env::var_os("MADOGUCHI_KEYS")
            .map(PathBuf::from)
            .or_else(home)
            .context("neither MADOGUCHI_KEYS nor HOME is set")?;
        let (name, subject) = if debug { ("debug", "Madoguchi DEBUG") } else { ("release", "Madoguchi") };
        let keys = Self { folder: all.join(name) };
        fs::create_dir_all(keys.gnupg())?;
        for folder in [&keys.folder, &keys.gnupg()] {
            fs::set_permissions(folder, Permissions::from_mode(0o700))?;
        }
        if !keys.certificate().exists() {
            let mut make = Command::new("openssl");
            make.args(["req", "-new", "-x509", "-newkey", "rsa:3072", "-sha256", "-nodes", "-days", "7300"]);
            make.args(["-subj", &format!("/CN={subject} Secure Boot/")]);
            steps.run(
                "Keys of Secure Boot",
                make.arg("-keyout").arg(keys.private()).arg("-out").arg(keys.certificate()),
            )?;
        }
        let ring = keys.tree().join("usr/lib/systemd/import-pubring.gpg");
        if !ring.exists() {
            let mut make = keys.gpg();
            make.args([
                "--passphrase",
                "",
                "--quick-generate-key",
                &format!("{subject} updates"),
                "ed25519",
                "sign",
                "never",
            ]);
            steps.run("The key of updates", &mut make)?;
            fs::create_dir_all(ring.parent().unwrap_or(&ring))?;
            steps.run("Its public half", keys.gpg().arg("--export").arg("--output").arg(&ring))?;
            // Read by the image's programs, whoever they are.
            fs::set_permissions(&ring, Permissions::from_mode(0o644))?;
        }
        Ok(keys)
    }

    /// The private key of Secure Boot.
    pub fn private(&self) -> PathBuf {
        self.folder.join("secure-boot.key")
    }

    /// Its certificate.
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("secure-boot.crt")
    }

    /// What of the keys is part of the image.
    pub fn tree(&self) -> PathBuf {
        self.folder.join("tree")
    }

    fn gnupg(&self) -> PathBuf {
        self.folder.join("gnupg")
    }

    /// `gpg` with these keys.
    pub fn gpg(&self) -> Command {
        let mut command = Command::new("gpg");
        command.arg("--homedir").arg(self.gnupg()).args(["--batch", "--yes", "--quiet", "--pinentry-mode", "loopback"]);
        command
    }
}
