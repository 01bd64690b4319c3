//! What people are called in the transcript: on both sides the same.
use crate::World;

/// Who sent an event: by display name, else by the id without its server.
pub(super) async fn on_matrix(world: &World, user_id: &str) -> String {
    let profile = world.admin.profile(user_id).await.unwrap_or_default();
    let name = profile["displayname"].as_str().filter(|name| !name.is_empty());
    name.map_or_else(|| local(user_id), str::to_owned)
}

/// Whoever looks at the demo.
pub(super) async fn visitor(world: &World) -> String {
    on_matrix(world, world.admin.user_id()).await
}

fn local(user_id: &str) -> String {
    user_id.trim_start_matches('@').split(':').next().unwrap_or(user_id).to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn without_a_name_an_id_loses_its_server() {
        assert_eq!(super::local("@ada:hs.test"), "ada");
    }
}
