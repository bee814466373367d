use eyot_plan::{Landlock, Plan};
use eyot_sys::Error;

/// Takes from this process, which has its ids already, every right that `plan` does not leave it.
pub(crate) fn confine(plan: &Plan) -> Result<(), Error> {
    let confinement = &plan.confinement;
    // Init is never to be looked into from inside, and without capabilities any process of its user could, where the
    // host's processes are shared. Not earlier: the files of an uninspectable process belong to root, and an ordinary
    // user could not write its own id maps (PR_SET_DUMPABLE(2const)).
    eyot_sys::forbid_inspection()?;
    let kept: Vec<u8> =
        confinement.capabilities.iter().map(|capability| capability.number).collect();
    if confinement.reaches_keys() {
        // Whoever has a session's key ring has its keys, whatever his user id (session-keyring(7)).
        eyot_sys::leave_session_keyring()?;
    }
    eyot_sys::keep_capabilities(&kept)?;
    eyot_sys::set_no_new_privileges()?;
    if confinement.landlock == Landlock::Scoped {
        eyot_sys::scope_with_landlock()?;
    }
    eyot_sys::die_with_parent()
}
