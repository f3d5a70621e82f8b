/** What a person may set; without one, a machine is operational unless tickets say that it is down. */
export const SET_STATUSES = ["maintenance", "out_of_service"] as const;
export type SetStatus = (typeof SET_STATUSES)[number];

/** Every status of a machine (contract section 3). */
export const MACHINE_STATUSES = ["operational", ...SET_STATUSES] as const;
export type MachineStatus = (typeof MACHINE_STATUSES)[number];

/** Whose word it is that a machine is not operational. */
export const STATUS_CAUSES = ["person", "tickets"] as const;
