//! What a person may do in a tenant, in three steps.

use crate::Invalid;

/// Ordered: a later role may do all that an earlier one may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Member,
    MemberPlus,
    Admin,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Member, Self::MemberPlus, Self::Admin];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::MemberPlus => "member+",
            Self::Admin => "admin",
        }
    }

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(Invalid::because("A role is admin, member+ or member."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_one_spelling() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Ok(role));
            for text in [role.as_str().to_uppercase(), format!(" {}", role.as_str()), format!("{}\0", role.as_str())] {
                assert!(Role::parse(&text).is_err(), "{text:?}");
            }
        }
        for text in ["", "Admin", "admin,member", "member plus", "administrator", "root", "*", "ａdmin"] {
            assert!(Role::parse(text).is_err(), "{text:?}");
        }
    }
}
