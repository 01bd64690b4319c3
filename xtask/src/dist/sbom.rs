//! The list of what is in a program, as other tools read it: CycloneDX 1.5.

use super::crates::{Crate, Id, Program};
use super::{Dist, read, write};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// Writes `NAME.cdx.json`, and reads it back.
pub(super) fn make(program: &Program, dist: &Dist) -> Result<()> {
    let file = dist.out.join(format!("{}.cdx.json", program.name));
    write(&file, &(serde_json::to_string_pretty(&document(program, dist)?)? + "\n"))?;
    let written: Value = serde_json::from_str(&read(&file)?)?;
    let components = written["components"].as_array().context("the list has no components")?;
    if components.len() + 1 != program.crates.len() {
        bail!("{} names {} of {} crates", file.display(), components.len(), program.crates.len() - 1);
    }
    for known in ["tokio", "ruma", "sqlx-sqlite", "rustls"] {
        if !components.iter().any(|component| component["name"] == known) {
            bail!("{} does not name {known}, which is in every program", file.display());
        }
    }
    println!("dist: {} is made of {} crates", program.name, program.crates.len());
    Ok(())
}

fn document(program: &Program, dist: &Dist) -> Result<Value> {
    let own = program.crates.values().find(|one| one.id.0 == program.name);
    let mut own = component(own.context("the program is not among its own crates")?);
    own["type"] = "application".into();
    let others = program.crates.values().filter(|one| one.id.0 != program.name);
    let dependencies = program.crates.values().map(|one| {
        json!({ "ref": reference(&one.id), "dependsOn": one.needs.iter().map(reference).collect::<Vec<_>>() })
    });
    let mut document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": own },
        "components": others.map(component).collect::<Vec<_>>(),
        "dependencies": dependencies.collect::<Vec<_>>(),
    });
    if let Some(time) = dist.epoch.as_deref().and_then(timestamp) {
        document["metadata"]["timestamp"] = time.into();
    }
    Ok(document)
}

fn component(one: &Crate) -> Value {
    let (name, version) = &one.id;
    let mut component = json!({
        "type": "library", "bom-ref": reference(&one.id), "name": name, "version": version,
    });
    if !one.licence.is_empty() {
        component["licenses"] = json!([{ "expression": one.licence }]);
    }
    if let Some(description) = &one.description {
        component["description"] = description.trim().into();
    }
    if let Some(checksum) = &one.checksum {
        component["purl"] = format!("pkg:cargo/{name}@{version}").into();
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    if let Some(repository) = &one.repository {
        component["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
    }
    component
}

fn reference((name, version): &Id) -> String {
    format!("{name}@{version}")
}

/// Seconds since 1970 as RFC 3339 writes them, by `date`.
fn timestamp(epoch: &str) -> Option<String> {
    let mut date = std::process::Command::new("date");
    date.args(["--utc", "+%Y-%m-%dT%H:%M:%SZ", "--date"]).arg(format!("@{epoch}"));
    crate::process::quiet_output(&mut date).map(|text| text.trim().to_owned())
}
