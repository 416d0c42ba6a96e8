import type { Dataset, Entity, Group } from 'h5wasm/node'

export type { Dataset, Group }

// h5wasm is loaded late, so its classes are told apart by their `type`, not by instanceof

/** Whether an entity is a group. */
export function isGroup(entity: Entity | null): entity is Group {
  return entity !== null && 'type' in entity && (entity.type as string) === 'Group'
}

/** Whether an entity is a dataset. */
export function isDataset(entity: Entity | null): entity is Dataset {
  return entity !== null && 'type' in entity && (entity.type as string) === 'Dataset'
}

/** The address of an object's header in an open file, counted from its superblock. */
export function addressOf(entity: Group | Dataset): number {
  // an object reference is that address
  const { buffer } = Uint8Array.from(entity.create_reference().ref_data)
  return Number(new DataView(buffer).getBigUint64(0, true))
}
