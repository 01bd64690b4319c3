//! The control page: services that are real child processes, on pages, over the API and from a shell.
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use reqwest::{Client, Method};
use scenarios::bots::{LIMIT, OPERATOR, PASSWORD};
use scenarios::{Bots, bots_scenario};
use serde_json::{Value, json};
use testkit::eventually;
use tokio::process::Command;

use crate::Result;
use crate::bots_pages::site::Site;

/// The folder with what the browser's tests need, as `cargo xtask browser` makes it.
const BROWSER_TESTS: &str = "BROWSER_TESTS";
/// How long they may take.
const BROWSER_LIMIT: Duration = Duration::from_mins(5);

/// A service of a folder of its own below the program's.
struct Service(PathBuf);

impl Service {
    /// Declares it, before a start.
    fn declare(world: &mut Bots, name: &str) -> Result<Self> {
        let script = world.file("service.sh", include_str!("bots_services/service.sh"))?;
        let folder = Path::new(&script).with_file_name(format!("service-{name}"));
        let words = |word: &str| json!(["sh", script, folder, word]);
        world.config["bots"]["services"][name] = json!({
            "by": "command", "state": words("state"), "start": words("start"), "stop": words("stop"),
            "restart": words("restart"), "update": words("update"), "logs": words("logs"),
        });
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    /// Makes a file that the script looks for.
    fn mark(&self, name: &str) -> Result<()> {
        Ok(std::fs::write(self.0.join(name), "")?)
    }

    fn unmark(&self, name: &str) -> Result<()> {
        Ok(std::fs::remove_file(self.0.join(name))?)
    }

    /// The number of a process that it noted.
    fn pid(&self, name: &str) -> Result<String> {
        Ok(std::fs::read_to_string(self.0.join(name))?.trim().to_owned())
    }
}

fn is_alive(pid: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    !status.is_empty() && !status.contains("State:\tZ")
}

/// The API, signed in.
struct Api {
    http: Client,
    url: String,
    token: String,
}

impl Api {
    async fn of(site: &Site) -> Result<Self> {
        let mut api = Self { http: Client::new(), url: format!("{}/api/v1", site.url), token: String::new() };
        let (_, told) =
            api.ask(Method::POST, "/session", json!({ "name": OPERATOR, "password": PASSWORD })).await?;
        told["token"].as_str().context("no token")?.clone_into(&mut api.token);
        Ok(api)
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> Result<(u16, Value)> {
        let call = self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token);
        let answer = if body.is_null() { call } else { call.json(&body) }.send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }

    async fn get(&self, path: &str) -> Result<Value> {
        let (status, told) = self.ask(Method::GET, path, Value::Null).await?;
        ensure!(status == 200, "{path} answered {status}: {told}");
        Ok(told)
    }

    /// Begins something; gives its path.
    async fn begin(&self, name: &str, action: &str) -> Result<String> {
        let path = format!("/services/{name}/actions");
        let (status, told) = self.ask(Method::POST, &path, json!({ "action": action })).await?;
        ensure!(status == 202, "{action} of {name} answered {status}: {told}");
        Ok(format!("{path}/{}", told["id"]))
    }

    /// Waits until an action has ended.
    async fn ended(&self, path: &str) -> Result<Value> {
        self.wait_for(path, |told| !told["action"]["ended_at"].is_null()).await
    }

    async fn act(&self, name: &str, action: &str) -> Result<Value> {
        let path = self.begin(name, action).await?;
        self.ended(&path).await
    }

    async fn wait_for(&self, path: &str, is_so: impl Fn(&Value) -> bool) -> Result<Value> {
        eventually(LIMIT, format!("{path} to change"), async || {
            let told = self.get(path).await.map_err(|error| format!("{error:#}"))?;
            if is_so(&told) { Ok(told) } else { Err(told.to_string()) }
        })
        .await
    }

    async fn wait_for_state(&self, name: &str, state: &str) -> Result<Value> {
        self.wait_for(&format!("/services/{name}"), |told| told["state"] == state).await
    }
}

/// What an action wrote.
fn lines(told: &Value) -> Vec<&str> {
    told["lines"].as_array().into_iter().flatten().filter_map(|line| line["text"].as_str()).collect()
}

bots_scenario!(services_are_shown_and_acted_on in fakes);
async fn services_are_shown_and_acted_on(world: &mut Bots) -> Result<()> {
    let mut site = Site::of(world)?;
    let real = Service::declare(world, "real")?;
    let silent = testkit::Port::reserve()?;
    world.config["bots"]["services"]["silent"] = json!({ "by": "command", "state": ["echo", "running|-|0"], "health": format!("{}/health", silent.url()) });
    world.config["bots"]["services"]["lost"] = json!({ "by": "command", "state": ["/nowhere/at-all"] });
    world.start().await?;
    site.sign_in().await?;
    let api = Api::of(&site).await?;
    api.wait_for_state("real", "stopped").await?;
    let told = api.wait_for_state("silent", "unhealthy").await?;
    ensure!(told["reasons"][0]["text"] == "Nobody listens at its health address.", "{told}");
    let told = api.wait_for("/services/lost", |told| !told["looked_at"].is_null()).await?;
    ensure!(
        told["state"] == "unknown" && told["reasons"].to_string().contains("There is no program"),
        "{told}"
    );
    // A real process is started, is seen, and is ended from outside.
    let done = api.act("real", "start").await?;
    ensure!(done["action"]["outcome"] == "done" && lines(&done) == ["started"], "{done}");
    let told = api.wait_for_state("real", "running").await?;
    ensure!(told["since"].is_i64() && told["restarts"] == 0, "{told}");
    let page = site.get("/services").await?;
    ensure!(
        page.text.contains("1 running, 1 unhealthy, 1 unknown") && page.text.contains("up "),
        "{}",
        page.text
    );
    let pid = real.pid("pid")?;
    ensure!(is_alive(&pid), "the start left no process");
    let done = api.act("real", "stop").await?;
    ensure!(lines(&done) == ["a red <b>line</b>", "stopped"], "{done}");
    ensure!(!is_alive(&pid), "it still runs");
    api.wait_for_state("real", "stopped").await?;
    real.mark("gone")?;
    api.wait_for_state("real", "not_deployed").await?;
    real.unmark("gone")?;
    real.mark("broken")?;
    let told = api.wait_for_state("real", "unknown").await?;
    ensure!(told["reasons"].to_string().contains("exit code 7: the panel is on fire"), "{told}");
    real.unmark("broken")?;
    // What was written is shown as text.
    let page = site.get("/services/actions").await?;
    ensure!(page.text.contains(OPERATOR) && page.text.contains("stop"), "{}", page.text);
    let records = api.get("/services/real/actions?limit=1").await?;
    let id = records["actions"][0]["id"].as_i64().context("no record")?;
    let page = site.get(&format!("/services/real/actions/{id}")).await?;
    ensure!(
        page.text.contains("a red &lt;b&gt;line&lt;/b&gt;") && !page.text.contains('\u{1b}'),
        "{}",
        page.text
    );
    let told = world.ctl(&["service", "real", "logs"]).await?;
    ensure!(told.trim_end() == "line one\nline two", "{told}");
    let told = world.ctl(&["services"]).await?;
    ensure!(told.contains("real: "), "{told}");
    let log = world.program().log();
    ensure!(log.contains("a service is acted on") && !log.contains("line one"), "{log}");
    Ok(())
}

bots_scenario!(a_count_that_climbs_is_a_crash_loop in one);
async fn a_count_that_climbs_is_a_crash_loop(world: &mut Bots) -> Result<()> {
    let mut site = Site::of(world)?;
    let real = Service::declare(world, "real")?;
    world.start().await?;
    site.sign_in().await?;
    let api = Api::of(&site).await?;
    api.act("real", "start").await?;
    real.mark("loops")?;
    let told = api.wait_for("/services/real", |told| told["crash_looping"] == true).await?;
    ensure!(told["state"] == "running", "{told}");
    let page = site.get("/services").await?;
    ensure!(
        page.text.contains("crash loop") && page.text.contains("times within ten minutes"),
        "{}",
        page.text
    );
    api.act("real", "stop").await?;
    let told = api.wait_for_state("real", "stopped").await?;
    ensure!(told["crash_looping"] == false, "{told}");
    Ok(())
}

bots_scenario!(an_update_streams_and_tells_why_it_failed in one);
async fn an_update_streams_and_tells_why_it_failed(world: &mut Bots) -> Result<()> {
    let mut site = Site::of(world)?;
    let real = Service::declare(world, "real")?;
    world.start().await?;
    ensure!(site.get("/services").await?.location.starts_with("/login"), "shown to whoever comes");
    ensure!(Client::new().get(format!("{}/api/v1/services", site.url)).send().await?.status() == 401);
    ensure!(
        site.post("/services/real/stop", &[]).await?.location.starts_with("/login"),
        "taken from whoever comes"
    );
    site.sign_in().await?;
    let api = Api::of(&site).await?;
    // Asked first, begun by a form; what it writes is there while it goes on.
    let page = site.get("/services/real/update").await?;
    ensure!(
        page.text.contains("Update real?")
            && api.get("/services/real/actions").await?["actions"] == json!([])
    );
    let page = site.post("/services/real/update", &[]).await?;
    ensure!(page.status == 303, "{page:?}");
    let path = page.location;
    let told = api.wait_for(&path, |told| lines(told) == ["fetching"]).await?;
    ensure!(told["action"]["ended_at"].is_null() && told["action"]["who"] == OPERATOR, "{told}");
    let page = site.get(&path).await?;
    ensure!(page.text.contains("fetching") && page.text.contains("goes on"), "{}", page.text);
    let (status, told) =
        api.ask(Method::POST, "/services/real/actions", json!({ "action": "restart" })).await?;
    ensure!(status == 409 && told["error"].to_string().contains("takes one at a time"), "{status} {told}");
    let page = site.post("/services/real/stop", &[]).await?;
    ensure!(page.status == 409 && page.text.contains("Nothing was begun"), "{}", page.text);
    ensure!(lines(&api.act("real", "logs").await?) == ["line one", "line two"], "logs have to wait");
    real.mark("fails")?;
    real.mark("go")?;
    let told = api.ended(&path).await?;
    ensure!(told["action"]["outcome"] == "failed" && told["action"]["exit_code"] == 3, "{told}");
    let error = told["action"]["error"].as_str().unwrap_or_default();
    ensure!(error == "It ended with exit code 3.\nthe disk is full", "{error}");
    let page = site.get(&path).await?;
    ensure!(page.text.contains("exit code 3") && page.text.contains("the disk is full"), "{}", page.text);
    ensure!(page.text.contains("building") && page.text.contains("role=\"alert\""), "{}", page.text);
    for (path, status) in
        [("/services/nobody/stop", 404), ("/services/real/delete", 404), ("/services/real/actions/99", 404)]
    {
        ensure!(site.get(path).await?.status == status, "{path}");
    }
    let (status, told) =
        api.ask(Method::POST, "/services/nobody/actions", json!({ "action": "stop" })).await?;
    ensure!(status == 404 && told["errcode"] == "not_found", "{told}");
    let (status, told) = api.ask(Method::POST, "/services/real/actions", json!({ "action": "burn" })).await?;
    ensure!(status == 400 && told["problems"][0]["field"] == "action", "{told}");
    let page = site.post_from("cross-site", "/services/real/stop", &[]).await?;
    ensure!(page.status == 403, "{page:?}");
    Ok(())
}

bots_scenario!(what_was_under_way_when_the_host_ended_is_told in one);
async fn what_was_under_way_when_the_host_ended_is_told(world: &mut Bots) -> Result<()> {
    let mut site = Site::of(world)?;
    let real = Service::declare(world, "real")?;
    world.start().await?;
    site.sign_in().await?;
    let api = Api::of(&site).await?;
    // A stop in order ends it, with what it started.
    let path = api.begin("real", "update").await?;
    api.wait_for(&path, |told| lines(told) == ["fetching"]).await?;
    let pid = real.pid("update.pid")?;
    world.stop().await?;
    ensure!(!is_alive(&pid), "the update was left behind");
    world.start().await?;
    let told = api.get(&path).await?;
    ensure!(told["action"]["outcome"] == "cut_off" && told["tail"] == "fetching", "{told}");
    // After a kill its end is not known.
    let path = api.begin("real", "update").await?;
    api.wait_for(&path, |told| lines(told) == ["fetching"]).await?;
    world.kill9()?;
    real.mark("go")?;
    world.start().await?;
    let told = api.get(&path).await?;
    ensure!(told["action"]["outcome"] == "cut_off" && !told["action"]["ended_at"].is_null(), "{told}");
    ensure!(told["action"]["error"].to_string().contains("its end is not known"), "{told}");
    let page = site.get(&path).await?;
    ensure!(page.text.contains("cut off") && page.text.contains("its end is not known"), "{}", page.text);
    let done = api.act("real", "logs").await?;
    ensure!(done["action"]["outcome"] == "done", "{done}");
    Ok(())
}

bots_scenario!(services_work_in_a_browser in one);
async fn services_work_in_a_browser(world: &mut Bots) -> Result<()> {
    let Some(folder) = std::env::var_os(BROWSER_TESTS) else {
        println!("skipped: {BROWSER_TESTS} names no folder; `cargo xtask browser` makes it");
        return Ok(());
    };
    let site = Site::of(world)?;
    let real = Service::declare(world, "real")?;
    let looping = Service::declare(world, "looping")?;
    Service::declare(world, "absent")?.mark("gone")?;
    let health = world.config["appservice"]["listen"].as_str().context("no listener")?.to_owned();
    let health = format!("http://{health}/health");
    world.config["bots"]["services"]["well"] =
        json!({ "by": "command", "state": ["echo", "running|1795943580|0"], "health": health });
    let nobody = format!("{}/health", testkit::Port::reserve()?.url());
    world.config["bots"]["services"]["silent"] =
        json!({ "by": "command", "state": ["echo", "running|1795943580|0"], "health": nobody });
    world.config["bots"]["services"]["unit"] =
        json!({ "by": "systemd", "unit": "no-such-unit-at-all.service" });
    world.start().await?;
    world.ctl(&["service", "looping", "start"]).await?;
    looping.mark("loops")?;
    let mut node = Command::new("node");
    node.args(["--test", "services.test.mjs"]).current_dir(Path::new(&folder));
    node.env("PAGES_URL", &site.url)
        .env("PAGES_NAME", OPERATOR)
        .env("PAGES_PASSWORD", PASSWORD)
        .env("SERVICE_FOLDER", &real.0);
    let run = tokio::time::timeout(BROWSER_LIMIT, node.kill_on_drop(true).output()).await;
    let run = run.context("the browser's tests take too long")?.context("node could not be started")?;
    let told = String::from_utf8_lossy(&run.stdout);
    println!("{told}");
    for name in ["real", "looping"] {
        world.ctl(&["service", name, "stop"]).await?;
    }
    ensure!(run.status.success(), "{told}\n{}", String::from_utf8_lossy(&run.stderr));
    Ok(())
}
