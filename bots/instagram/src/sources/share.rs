//! Resolves a share link into the post that it stands for, by one redirect of the site.

use tokio::time::timeout;

use super::Sources;
use crate::links::{Link, Target};
use crate::outcome::Outcome;
use crate::web::{Arrived, Ask, Realm};

impl Sources {
    /// The link to the post itself. One that is none to be shared comes back as it is, and nothing is asked.
    pub async fn resolve(&self, link: &Link) -> Result<Link, Outcome> {
        let Target::Share { .. } = link.target else { return Ok(link.clone()) };
        let path = link.canonical();
        let path = path.strip_prefix("https://www.instagram.com/").unwrap_or(&path);
        let url = self.site(path.split('?').next().unwrap_or_default())?;
        let ask = Ask { follows: false, cookies: self.guest.cookies(), ..Ask::page(url, Realm::Site) };
        let arrived = timeout(self.settings.source_time(), self.web.open(ask)).await;
        let target = match arrived.unwrap_or(Err(Outcome::Slow))? {
            Arrived::SentTo(target) => target,
            Arrived::At(answer) => {
                return Err(match answer.status().as_u16() {
                    404 | 410 => Outcome::Gone,
                    429 => Outcome::RateLimited,
                    401 | 403 => Outcome::LoginWall,
                    _ => Outcome::ChangedShape,
                });
            }
        };
        // In tests the site stands elsewhere; the path is what counts.
        if !self.settings.allows(&target, Realm::Site) {
            return Err(Outcome::Forbidden);
        }
        let shown =
            format!("https://www.instagram.com{}?{}", target.path(), target.query().unwrap_or_default());
        let mut resolved = Link::read(&shown).filter(|link| matches!(link.target, Target::Post { .. }));
        if let Some(resolved) = &mut resolved {
            resolved.img_index = link.img_index.or(resolved.img_index);
        }
        resolved.ok_or(Outcome::ChangedShape)
    }
}
