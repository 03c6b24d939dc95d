"""Server reflection, here over v1alpha; grpcurl uses v1."""

from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase


def test_the_services_are_listed(channel):
    services = set(ProtoReflectionDescriptorDatabase(channel).get_services())
    assert {"wigwag.v1.SignalingService", "wigwag.v1.RoomService", "grpc.health.v1.Health"} <= services


def test_the_descriptions_are_those_of_the_protos(channel):
    from wigwag.v1 import envelope_pb2, frame_pb2, room_service_pb2, signaling_service_pb2

    pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
    for module in (signaling_service_pb2, room_service_pb2):
        for name, service in module.DESCRIPTOR.services_by_name.items():
            told = pool.FindServiceByName(f"wigwag.v1.{name}")
            assert [method.name for method in told.methods] == [method.name for method in service.methods]
    for message in (frame_pb2.ClientFrame, frame_pb2.ServerFrame, envelope_pb2.Envelope):
        told = pool.FindMessageTypeByName(message.DESCRIPTOR.full_name)
        fields = [(field.name, field.number) for field in message.DESCRIPTOR.fields]
        assert [(field.name, field.number) for field in told.fields] == fields


def test_the_types_of_errors_and_the_values_of_enums_are_found(channel):
    pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
    for name in ("google.rpc.ErrorInfo", "google.rpc.RetryInfo", "google.rpc.BadRequest", "google.rpc.Status"):
        assert pool.FindMessageTypeByName(name).full_name == name
    assert pool.FindFileContainingSymbol("wigwag.v1.ERROR_REASON_ROOM_FULL").name == "wigwag/v1/error.proto"
