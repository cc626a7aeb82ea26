// The uids that servers run as where the broker is root: systemd's range for users that live as long as a service.
export const FIRST_UID = 61_184;
export const LAST_UID = 65_519;

export const isServerUid = (uid: number): boolean => uid >= FIRST_UID && uid <= LAST_UID;
