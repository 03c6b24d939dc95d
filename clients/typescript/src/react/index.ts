export { useMesh, type UseMesh } from "./use-mesh.js";
export { useRoom, type UseRoom } from "./use-room.js";
