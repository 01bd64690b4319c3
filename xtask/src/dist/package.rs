//! A Debian package of each program, made by cargo-deb from a folder that looks like the machine it is put on.

use super::programs::Built;
use super::{Dist, PROGRAMS, copy, files, read, write};
use crate::workspace::{Workspace, make_folder};
use crate::{process, tool};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

const VERSION: &str = "3.8.0";

/// A package that was made.
pub(super) struct Package {
    pub(super) program: &'static str,
    pub(super) file: PathBuf,
}

/// What goes along as documents: where it is in the repository.
const DOCUMENTS: [&str; 4] = ["docs/deployment.md", "docs/operating.md", "README.md", "LICENSE"];

/// Puts the packages into the release.
pub(super) fn make(workspace: &Workspace, built: &Built, dist: &Dist) -> Result<Vec<Package>> {
    let cargo_deb = tool::install(workspace, "cargo-deb", VERSION)?;
    let folder = dist.out.join("debian");
    make_folder(&folder)?;
    scripts(workspace)?;
    // Where cargo-deb looks for what was built for a release.
    let is_static = built.target.ends_with("-musl");
    let built_in = if is_static { workspace.target.join(&built.target) } else { workspace.target.clone() };
    let place = built_in.join("release/packaging");
    for program in PROGRAMS {
        stage(workspace, dist, &place.join(program), program)?;
        let mut deb = Command::new(&cargo_deb);
        deb.current_dir(&workspace.root).args(["--no-build", "--no-strip", "--package", program]);
        deb.arg("--output").arg(&folder).env("CARGO_TARGET_DIR", &workspace.target);
        if is_static {
            deb.args(["--target", &built.target]);
        }
        if !dist.is_release {
            // Nobody carries it anywhere.
            deb.arg("--fast");
        }
        process::run(dist.dated(&mut deb))?;
    }
    let made = files(&folder)?;
    let of = |program: &'static str| {
        let start = format!("{program}_{}_", dist.version);
        let file = made.iter().find(|file| {
            file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start.as_str()))
        });
        Ok(Package {
            program, file: file.with_context(|| format!("no package {start}… was made"))?.clone()
        })
    };
    PROGRAMS.into_iter().map(of).collect()
}

/// Reads the scripts that run at installation and removal for mistakes.
fn scripts(workspace: &Workspace) -> Result<()> {
    for script in files(&workspace.root.join("deploy/debian"))? {
        process::run(Command::new("sh").arg("-n").arg(&script))?;
        if process::find("shellcheck").is_some() {
            process::run(Command::new("shellcheck").args(["--shell", "sh"]).arg(&script))?;
        }
    }
    Ok(())
}

/// Lays out in a folder what a package installs. `package.metadata.deb` of each program names two folders in it: `programs` is
/// what can be started, `files` the rest.
fn stage(workspace: &Workspace, dist: &Dist, stage: &Path, program: &str) -> Result<()> {
    if stage.exists() {
        std::fs::remove_dir_all(stage)?;
    }
    let (programs, files) = (stage.join("programs"), stage.join("files"));
    copy(&dist.out.join(program), &programs.join("usr/bin").join(program))?;
    for script in ["backup-rotate.sh", "health-restart.sh"] {
        copy(
            &workspace.root.join("deploy").join(script),
            &programs.join("usr/lib").join(program).join(script),
        )?;
    }
    units(workspace, program, &files)?;
    manuals(dist, program, &files)?;
    documents(workspace, dist, program, &files)
}

/// Units, users and folders: those of the repository, with the places of a package in place of those under `/usr/local`.
fn units(workspace: &Workspace, program: &str, root: &Path) -> Result<()> {
    let from = workspace.root.join("deploy/systemd");
    for file in files(&from)? {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let rest = name.strip_prefix(program).unwrap_or_default();
        if rest.starts_with('.') || rest.starts_with('-') {
            let unit = read(&file)?
                .replace("/usr/local/bin/", "/usr/bin/")
                .replace("/usr/local/lib/bridge/", &format!("/usr/lib/{program}/"));
            if unit.contains("/usr/local") {
                bail!("{name} names a place under /usr/local that no package has");
            }
            write(&root.join("usr/lib/systemd/system").join(name), &unit)?;
        }
    }
    for kind in ["sysusers", "tmpfiles"] {
        let own = own_lines(&read(&from.join(format!("{kind}.conf")))?, program);
        write(&root.join(format!("usr/lib/{kind}.d/{program}.conf")), &own)?;
    }
    Ok(())
}

/// The lines of a list that are about a program. In one about several, such as that of rights to a folder, the others' rights are
/// left out: their users need not be there.
fn own_lines(list: &str, program: &str) -> String {
    let mut own = String::new();
    for line in list.lines().filter(|line| !line.starts_with('#') && line.contains(program)) {
        let (start, rights) = line.rsplit_once(' ').unwrap_or_default();
        if rights.starts_with("u:") {
            let rights: Vec<&str> = rights.split(',').filter(|right| right.contains(program)).collect();
            own.push_str(start);
            own.push(' ');
            own.push_str(&rights.join(","));
        } else {
            own.push_str(line);
        }
        own.push('\n');
    }
    own
}

fn manuals(dist: &Dist, program: &str, root: &Path) -> Result<()> {
    for page in files(&dist.out.join("man"))? {
        let name = page.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(program) {
            let to = root.join("usr/share/man/man1").join(name);
            copy(&page, &to)?;
            compress(&to)?;
        }
    }
    let completions = dist.out.join("completions");
    for (from, to) in [
        (format!("{program}.bash"), format!("bash-completion/completions/{program}")),
        (format!("_{program}"), format!("zsh/vendor-completions/_{program}")),
        (format!("{program}.fish"), format!("fish/vendor_completions.d/{program}.fish")),
    ] {
        copy(&completions.join(from), &root.join("usr/share").join(to))?;
    }
    Ok(())
}

fn documents(workspace: &Workspace, dist: &Dist, program: &str, root: &Path) -> Result<()> {
    let folder = root.join("usr/share/doc").join(program);
    for document in DOCUMENTS {
        let name = Path::new(document).file_name().unwrap_or_default();
        copy(&workspace.root.join(document), &folder.join(name))?;
    }
    let example = workspace.root.join(format!("docs/generated/{program}.yaml"));
    copy(&example, &folder.join("examples/config.yaml"))?;
    for list in [format!("{program}.cdx.json"), format!("{program}.licences.txt")] {
        copy(&dist.out.join(&list), &folder.join(&list))?;
    }
    let changelog = folder.join("changelog");
    copy(&workspace.root.join("CHANGELOG.md"), &changelog)?;
    compress(&changelog)
}

/// Compresses a file as Debian wants it: without its name and time, so that it comes out the same each time.
fn compress(file: &Path) -> Result<()> {
    process::run(Command::new("gzip").args(["-9", "--no-name", "--force"]).arg(file))
}

#[cfg(test)]
mod tests {
    use super::own_lines;

    #[test]
    fn a_package_has_the_lines_of_its_own_program_only() {
        let list = "# Both.\nd /var/lib/one 0700 one one -\nd /var/lib/two 0700 two two -\n\
                    a+ /var/metrics - - - - u:one:rwx,u:two:rwx\n";
        assert_eq!(
            own_lines(list, "two"),
            "d /var/lib/two 0700 two two -\na+ /var/metrics - - - - u:two:rwx\n"
        );
    }
}
