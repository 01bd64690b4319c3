//! The workspace's own name and addresses.
use serde_json::{Value, json};

/// The workspace itself.
#[derive(Debug, Clone)]
pub(crate) struct Team {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) domain: String,
}

impl Team {
    /// The address people see in links.
    pub(crate) fn url(&self) -> String {
        format!("https://{}.slack.com/", self.domain)
    }

    /// The `team` object of `team.info`.
    pub(crate) fn to_json(&self, base_url: &str) -> Value {
        let icon = |size: u32| format!("{base_url}/avatars/{}-{size}.png", self.id);
        json!({
            "id": self.id,
            "name": self.name,
            "url": self.url(),
            "domain": self.domain,
            "email_domain": "",
            "icon": {
                "image_34": icon(34), "image_44": icon(44), "image_68": icon(68),
                "image_88": icon(88), "image_102": icon(102), "image_132": icon(132),
                "image_default": false,
            },
            "avatar_base_url": format!("{base_url}/avatars/"),
            "is_verified": false,
        })
    }
}
