//! Device codes in memory.

use super::store::locked;
use crate::{
    DeviceAnswer, DeviceAuthorization, DeviceCodes, Grant, MemoryStore, Polled, SecretHash, StoreFuture,
};

impl DeviceCodes for MemoryStore {
    fn begin(
        &self,
        device_code: SecretHash,
        user_code: SecretHash,
        asked: DeviceAuthorization,
        now: u64,
    ) -> StoreFuture<'_, bool> {
        Box::pin(async move { Ok(locked(&self.issued).begin_device(device_code, user_code, asked, now)) })
    }

    fn find(&self, device_code: SecretHash) -> StoreFuture<'_, Option<DeviceAuthorization>> {
        Box::pin(async move { Ok(locked(&self.issued).device(device_code).cloned()) })
    }

    fn find_by_user_code(
        &self,
        user_code: SecretHash,
        now: u64,
    ) -> StoreFuture<'_, Option<DeviceAuthorization>> {
        Box::pin(async move { Ok(locked(&self.issued).waiting_device(user_code, now).cloned()) })
    }

    fn answer(&self, user_code: SecretHash, answer: DeviceAnswer, now: u64) -> StoreFuture<'_, bool> {
        Box::pin(async move { Ok(locked(&self.issued).answer_device(user_code, answer, now)) })
    }

    fn poll(&self, device_code: SecretHash, now: u64) -> StoreFuture<'_, Polled> {
        Box::pin(async move { Ok(locked(&self.issued).poll_device(device_code, now)) })
    }

    fn redeem(&self, device_code: SecretHash, grant: Option<Grant>, now: u64) -> StoreFuture<'_, bool> {
        Box::pin(async move { Ok(locked(&self.issued).redeem_device(device_code, grant, now)) })
    }

    fn forget_person<'a>(&'a self, subject: &'a str, _: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            locked(&self.issued).forget_devices(subject);
            Ok(())
        })
    }
}
