//! The host's pages, as a browser without script uses them, and in a real one.
#[path = "bots_pages/site.rs"]
pub(crate) mod site;

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use scenarios::bots::{LIMIT, OPERATOR, PASSWORD};
use scenarios::{Bots, bots_scenario};
use serde_json::json;
use testkit::eventually;
use tokio::process::Command;

use crate::Result;
use site::Site;

/// The folder with what the browser's tests need, as `cargo xtask browser` makes it.
const BROWSER_TESTS: &str = "BROWSER_TESTS";
/// How long they may take.
const BROWSER_LIMIT: Duration = Duration::from_mins(5);

bots_scenario!(somebody_signs_in_and_out_with_a_password in one);
async fn somebody_signs_in_and_out_with_a_password(world: &mut Bots) -> Result<()> {
    let mut site = Site::of(world)?;
    world.declare("greeter", "hello", &json!({}));
    world.start().await?;
    assert_eq!(site.get("/").await?.location, "/login");
    let page = site.get("/instances/greeter?a=b").await?;
    assert_eq!((page.status, page.location.as_str()), (303, "/login?next=/instances/greeter%3Fa%3Db"));
    assert!(site.get(&page.location).await?.text.contains(r#"value="/instances/greeter?a=b""#));
    let page = site.post("/login", &[("name", OPERATOR), ("password", "wrong")]).await?;
    assert!(page.status == 401 && page.text.contains("Name or password is wrong."), "{page:?}");
    assert!(page.set_cookie.is_empty() && page.text.contains(r#"value="ann""#), "{page:?}");
    for (next, expected) in [("/instances/greeter", "/instances/greeter"), ("//elsewhere.test", "/")] {
        let page = site.post("/login", &[("name", OPERATOR), ("password", PASSWORD), ("next", next)]).await?;
        assert_eq!((page.status, page.location.as_str()), (303, expected));
        for attribute in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
            assert!(page.set_cookie.contains(attribute), "{attribute} is not in {:?}", page.set_cookie);
        }
        assert!(!page.set_cookie.contains("Secure"), "not over https");
    }
    site.sign_in().await?;
    let page = site.get("/").await?;
    assert!(page.text.contains("1 bot: 1 running") && page.text.contains("/instances/greeter"), "{page:?}");
    let policy = page.headers["content-security-policy"].to_str()?;
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(
        (&page.headers["cache-control"], &page.headers["referrer-policy"]),
        (&"no-store".parse()?, &"same-origin".parse()?)
    );
    let page = site.get("/nothing/here").await?;
    assert!(page.status == 404 && page.text.contains("There is no such page"), "{page:?}");
    let page = site.post("/logout", &[]).await?;
    assert!(page.set_cookie.contains("Max-Age=0"), "{page:?}");
    // The cookie that somebody kept is worth nothing.
    assert_eq!(site.get("/").await?.location, "/login");
    Ok(())
}

bots_scenario!(an_admin_signs_in_by_a_link_that_the_bot_sends in one);
async fn an_admin_signs_in_by_a_link_that_the_bot_sends(world: &mut Bots) -> Result<()> {
    let mut site = Site::of(world)?;
    world.start().await?;
    let (admin, stranger) = (world.admin.user_id().to_owned(), world.person("stranger").await?);
    let told_stranger = site.post("/login/send", &[("mxid", stranger.user_id())]).await?;
    let told_admin = site.post("/login/send", &[("mxid", &admin)]).await?;
    let alike = told_admin.text.replace(&admin, stranger.user_id());
    assert_eq!((told_admin.status, alike), (200, told_stranger.text));
    let bot = world.appservice.bot_id();
    let room = world.admin.join_invite_of(&bot).await?;
    let message = world.admin.wait_for_text_with(&room, "/login/link#").await?;
    let code = message.body().split_whitespace().last().unwrap_or_default().to_owned();
    assert!(message.body().contains(&format!("{}/login/link#{code}", site.url)), "{}", message.body());
    // A client that loads the link for a preview uses nothing up.
    assert!(site.get("/login/link").await?.text.contains("Paste the code"));
    let page = site.post("/login/link", &[("code", &format!(" {code}\n"))]).await?;
    assert_eq!((page.status, page.location.as_str()), (303, "/"));
    let again = site.post("/login/link", &[("code", &code)]).await?;
    assert!(again.status == 401 && again.text.contains("This code is not good"), "{again:?}");
    site.keep(&page)?;
    assert!(site.get("/").await?.text.contains(&admin));
    assert!(stranger.invites().await?.is_empty(), "who may not sign in hears nothing");
    // The same room serves again; one that was left does not.
    site.post("/login/send", &[("mxid", &admin)]).await?;
    eventually(LIMIT, "a second link in the same room", async || {
        let texts = world.admin.texts(&room).await.map_err(|error| error.to_string())?;
        let links = texts.iter().filter(|text| text.contains("/login/link#")).count();
        if links == 2 { Ok(()) } else { Err(format!("{links} links")) }
    })
    .await?;
    // Nor does one that somebody else may come into: they would read the link.
    invite_as_bot(world, &room, stranger.user_id()).await?;
    site.post("/login/send", &[("mxid", &admin)]).await?;
    let invite = world.admin.wait_for_invite(|invite| invite.sender == bot && invite.room_id != room).await?;
    let second = world.admin.join(&invite.room_id).await?;
    world.admin.wait_for_text_with(&second, "/login/link#").await?;
    world.admin.leave(&second).await?;
    site.post("/login/send", &[("mxid", &admin)]).await?;
    let is_third = |room_id: &str| room_id != room && room_id != second;
    let invite = world.admin.wait_for_invite(|one| one.sender == bot && is_third(&one.room_id)).await?;
    let third = world.admin.join(&invite.room_id).await?;
    world.admin.wait_for_text_with(&third, "/login/link#").await?;
    let log = world.program().log();
    assert!(!log.contains(&code), "a code stands in the log");
    Ok(())
}

async fn invite_as_bot(world: &Bots, room: &str, user_id: &str) -> Result<()> {
    let url = format!("{}/_matrix/client/v3/rooms/{room}/invite", world.homeserver.base_url());
    let call = reqwest::Client::new().post(url).query(&[("user_id", world.appservice.bot_id())]);
    let call = call.bearer_auth(&world.appservice.as_token).json(&json!({ "user_id": user_id }));
    call.send().await?.error_for_status()?;
    Ok(())
}

bots_scenario!(what_another_site_sends_changes_nothing in one);
async fn what_another_site_sends_changes_nothing(world: &mut Bots) -> Result<()> {
    let mut site = Site::of(world)?;
    world.declare("greeter", "hello", &json!({}));
    world.start().await?;
    site.sign_in().await?;
    for from in ["cross-site", "same-site"] {
        let page = site.post_from(from, "/instances/greeter/stop", &[]).await?;
        assert!(page.status == 403 && page.text.contains("comes from another site"), "{page:?}");
    }
    assert_eq!(world.instance("greeter").await?["state"], "running");
    let page = site.post_and_look("/instances/greeter/stop", &[]).await?;
    assert!(page.text.contains("The bot was stopped."), "{page:?}");
    assert_eq!(world.instance("greeter").await?["state"], "stopped");
    Ok(())
}

bots_scenario!(a_bot_is_made_changed_and_deleted_on_pages in one);
async fn a_bot_is_made_changed_and_deleted_on_pages(world: &mut Bots) -> Result<()> {
    let mut site = Site::of(world)?;
    world.start().await?;
    site.sign_in().await?;
    let fields = [("name", "Big"), ("displayname", ""), ("avatar", "http://x")];
    let page = site.post("/accounts", &fields).await?;
    assert!(page.status == 400 && page.text.contains("The name has to be"), "{page:?}");
    assert!(page.text.contains("The address has to be an mxc:// address."), "{page:?}");
    for name in ["helper", "other"] {
        let page = site.post_and_look("/accounts", &[("name", name), ("autojoin", "yes")]).await?;
        assert!(page.text.contains(&world.account(name)), "{page:?}");
    }
    let config = "greeting: [1, 2]";
    let fields =
        [("name", "g"), ("plugin", "hello"), ("account", "helper"), ("config", config), ("enabled", "yes")];
    let page = site.post("/instances", &fields).await?;
    assert!(
        page.status == 400 && page.text.contains(config) && page.text.contains("<code>greeting</code>"),
        "{page:?}"
    );
    assert!(!world.ctl(&["list"]).await?.contains("g:"));
    let fields =
        [("name", "g"), ("plugin", "hello"), ("account", "helper"), ("config", ""), ("enabled", "yes")];
    let page = site.post_and_look("/instances", &fields).await?;
    assert!(page.text.contains("The bot was made.") && page.text.contains("running"), "{page:?}");
    // What is typed wrong is kept, told at its key, and nothing has changed.
    let page = site.post("/instances/g/config", &[("config", "greeting: {a: </textarea><b>}")]).await?;
    assert_eq!(page.status, 400);
    assert!(page.text.contains("Nothing was changed:") && page.text.contains("class=\"said\""), "{page:?}");
    assert!(page.text.contains("&lt;/textarea&gt;&lt;b&gt;") && !page.text.contains("<b>"), "{page:?}");
    assert_eq!(world.ctl(&["config", "g"]).await?, "");
    site.post_and_look("/instances/g/config", &[("config", "greeting: Hey, {name}\r\n")]).await?;
    assert_eq!(world.ctl(&["config", "g"]).await?, "greeting: Hey, {name}\n");
    site.post_and_look("/instances/g/account", &[("account", "other")]).await?;
    let room = world.room_with(&["other"]).await?;
    world.admin.send_text(&room, "!hello you").await?;
    world.wait_for_said(&room, "other", &["Hey, you"]).await?;
    assert!(site.get("/accounts/other").await?.text.contains(&room));
    let page = site.post("/accounts/other/delete", &[]).await?;
    assert!(page.status == 409 && page.text.contains("g uses the account"), "{page:?}");
    assert!(site.get("/instances/g/delete").await?.text.contains("Delete g?"));
    assert!(world.ctl(&["list"]).await?.contains("g:"), "looking deletes nothing");
    site.post_and_look("/instances/g/delete", &[]).await?;
    assert_eq!(site.get("/instances/g").await?.status, 404);
    Ok(())
}

bots_scenario!(hostile_words_are_shown_and_do_nothing by "trouble-bots" in one);
async fn hostile_words_are_shown_and_do_nothing(world: &mut Bots) -> Result<()> {
    const EVIL: &str = "</title><script>alert(1)</script>";
    const SHOWN: &str = "&lt;script&gt;alert(1)&lt;/script&gt;";
    let mut site = Site::of(world)?;
    world.declare("t", "trouble", &json!({ "word": "x" }));
    world.config["bots"]["accounts"]["t"]["displayname"] = EVIL.into();
    world.start().await?;
    site.sign_in().await?;
    world.ctl(&["account", "free"]).await?;
    world.ctl(&["create", "g", "--plugin", "hello", "--account", "free"]).await?;
    let config = world.file("evil.yaml", &format!("greeting: '{EVIL}'"))?;
    world.ctl(&["config", "g", "--set", &config]).await?;
    for path in ["/accounts", "/accounts/t", "/instances/g"] {
        let page = site.get(path).await?;
        assert!(page.text.contains(SHOWN) && !page.text.contains("<script>"), "{path}: {page:?}");
    }
    let page = site.get("/instances/g/logs?search=%3Cscript%3Ealert(1)%3C/script%3E&level=%22%3E").await?;
    assert!(page.text.contains(SHOWN) && !page.text.contains("<script>"), "{page:?}");
    for path in ["/instances/%3Cscript%3E", "/accounts/%3Cscript%3E", "/dead-letters/%3Cscript%3E"] {
        let page = site.get(path).await?;
        assert!(page.status == 404 && !page.text.contains("<script>"), "{path}: {page:?}");
    }
    Ok(())
}

bots_scenario!(the_pages_work_in_a_browser by "trouble-bots" in one);
async fn the_pages_work_in_a_browser(world: &mut Bots) -> Result<()> {
    let Some(folder) = std::env::var_os(BROWSER_TESTS) else {
        println!("skipped: {BROWSER_TESTS} names no folder; `cargo xtask browser` makes it");
        return Ok(());
    };
    let site = Site::of(world)?;
    furnish(world)?;
    world.start().await?;
    let link = trouble(world, &site).await?;
    let mut node = Command::new("node");
    node.args(["--test", "pages.test.mjs"]).current_dir(Path::new(&folder));
    node.env("PAGES_URL", &site.url)
        .env("PAGES_NAME", OPERATOR)
        .env("PAGES_PASSWORD", PASSWORD)
        .env("PAGES_LINK", link);
    let run = tokio::time::timeout(BROWSER_LIMIT, node.kill_on_drop(true).output()).await;
    let run = run.context("the browser's tests take too long")?.context("node could not be started")?;
    let told = String::from_utf8_lossy(&run.stdout);
    println!("{told}");
    anyhow::ensure!(run.status.success(), "{told}\n{}", String::from_utf8_lossy(&run.stderr));
    Ok(())
}

/// Bots of several kinds, one of which never starts.
fn furnish(world: &mut Bots) -> Result<()> {
    world.declare("greeter", "hello", &json!({ "greeting": "Hi, {name}!" }));
    world.declare("reminders", "reminder", &json!({}));
    world.declare("looping", "trouble", &json!({ "refuses_to_start": true }));
    world.declare("troubled", "trouble", &json!({}));
    let nobody = testkit::Port::reserve()?;
    let health = world.config["appservice"]["listen"].as_str().context("no listener")?.to_owned();
    world.config["bots"]["admin"]["beside"] = json!({ "other-bots": format!("http://{health}/health"), "telegram": format!("{}/health", nobody.url()) });
    Ok(())
}

/// Has something happen that pages show; gives a link to sign in.
async fn trouble(world: &mut Bots, site: &Site) -> Result<String> {
    world.ctl(&["account", "helper", "--displayname", "The Helper"]).await?;
    world.ctl(&["create", "second", "--plugin", "echo", "--account", "helper"]).await?;
    world.ctl(&["create", "insta", "--plugin", "sna.instagram", "--account", "helper"]).await?;
    world.ctl(&["stop", "reminders"]).await?;
    let room = world.room_with(&["troubled", "helper", "greeter"]).await?;
    world.admin.send_text(&room, "fail").await?;
    world.admin.send_text(&room, "!hello").await?;
    site.post("/login/send", &[("mxid", world.admin.user_id())]).await?;
    let chat = world.admin.join_invite_of(&world.appservice.bot_id()).await?;
    let message = world.admin.wait_for_text_with(&chat, "/login/link#").await?;
    eventually(LIMIT, "a dead letter and a loop", async || {
        let looping = world.instance("looping").await.map_err(|error| error.to_string())?;
        let (_, letters) = world.verb(&["dead-letters", "list"]).await.map_err(|error| error.to_string())?;
        let is_there = looping["crash_looping"] == true && letters.contains("told to fail");
        if is_there { Ok(()) } else { Err(format!("{looping} {letters}")) }
    })
    .await?;
    let link = message.body().split_whitespace().find(|word| word.contains("/login/link#"));
    Ok(link.context("no link in the message")?.to_owned())
}
