# inventories/us as a Terraform user would write it: what stands on the ground.
data "aws_caller_identity" "this" {}

data "aws_ssm_parameter" "image" {
  for_each = local.pools
  name     = each.value.image
}

data "aws_secretsmanager_secret" "webhook" {
  name = "us/guard/webhook-key"
}

locals {
  registry = "${data.aws_caller_identity.this.account_id}.dkr.ecr.us-west-2.amazonaws.com"
  images   = { guard = 30, face-generator = 20 }
  tag      = "prod-20260701-0930"
  groups_of_targets = {
    guard-public   = { port = 8080, delay = 300 }
    guard-inner    = { port = 8080, delay = 300 }
    face-generator = { port = 8000, delay = 60 }
  }
  optimized = "/aws/service/ecs/optimized-ami/amazon-linux-2023"
  # Pools begin empty, and managed scaling fills them: machines that join before their capacity provider stands never
  # belong to it. They stand on the cluster, which cannot be deleted while it has machines.
  pools = {
    gpu = { image = "${local.optimized}/gpu/recommended/image_id", types = ["g5.xlarge", "g4dn.xlarge"], min = 0, max = 4, gib = 100 }
    cpu = { image = "${local.optimized}/recommended/image_id", types = ["t3.medium"], min = 0, max = 4, gib = 30 }
  }
}

# ---------------------------------------------------------------- images
resource "aws_ecr_repository" "this" {
  for_each             = local.images
  name                 = "${local.name}/${each.key}"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = true
  image_scanning_configuration { scan_on_push = true }
}

resource "aws_ecr_lifecycle_policy" "this" {
  for_each   = local.images
  repository = aws_ecr_repository.this[each.key].name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = each.value }
      action       = { type = "expire" }
    }]
  })
}

# ---------------------------------------------------------------- certificates
resource "aws_acm_certificate" "public" {
  domain_name       = "us.infer.example.com"
  validation_method = "DNS"
}

resource "aws_route53_record" "proof" {
  zone_id = aws_route53_zone.public.zone_id
  name    = one(aws_acm_certificate.public.domain_validation_options).resource_record_name
  type    = one(aws_acm_certificate.public.domain_validation_options).resource_record_type
  records = [one(aws_acm_certificate.public.domain_validation_options).resource_record_value]
  ttl     = 300
}

resource "aws_acm_certificate_validation" "public" {
  certificate_arn         = aws_acm_certificate.public.arn
  validation_record_fqdns = [aws_route53_record.proof.fqdn]
}

# The CA and the leaf are made beside this file before the first apply.
resource "aws_acm_certificate" "inner" {
  certificate_body  = file("inner.pem")
  private_key       = file("inner.key")
  certificate_chain = file("ca.pem")
}

resource "aws_ssm_parameter" "ca" {
  for_each = { certificate = "String", key = "SecureString" }
  name     = "/us/ca/inner/${each.key}"
  type     = each.value
  value    = file(each.key == "key" ? "ca.key" : "ca.pem")
}

# ---------------------------------------------------------------- load balancers
resource "aws_lb_target_group" "this" {
  for_each             = local.groups_of_targets
  name                 = "${local.name}-${each.key}"
  port                 = each.value.port
  protocol             = "HTTP"
  vpc_id               = aws_vpc.main.id
  target_type          = "ip"
  deregistration_delay = each.value.delay
  health_check { path = "/health" }
}

resource "aws_lb" "public" {
  name                       = "${local.name}-public"
  load_balancer_type         = "application"
  security_groups            = [aws_security_group.service["public-alb"].id]
  subnets                    = [for subnet in aws_subnet.public : subnet.id]
  drop_invalid_header_fields = true
}

resource "aws_lb" "internal" {
  name                       = "${local.name}-internal"
  load_balancer_type         = "application"
  internal                   = true
  security_groups            = [aws_security_group.service["internal-alb"].id]
  subnets                    = [aws_subnet.private["a"].id, aws_subnet.private["b"].id]
  drop_invalid_header_fields = true
}

resource "aws_lb_listener" "redirect" {
  load_balancer_arn = aws_lb.public.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type = "redirect"
    redirect {
      protocol    = "HTTPS"
      port        = "443"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_lb_listener" "public" {
  load_balancer_arn = aws_lb.public.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = aws_acm_certificate_validation.public.certificate_arn
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["guard-public"].arn
  }
}

resource "aws_lb_listener" "internal" {
  load_balancer_arn = aws_lb.internal.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = aws_acm_certificate.inner.arn
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      message_body = "No service has this name."
      status_code  = "404"
    }
  }
}

resource "aws_lb_listener_rule" "jobs" {
  listener_arn = aws_lb_listener.internal.arn
  priority     = 10
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["face-generator"].arn
  }
  condition {
    host_header { values = ["api.prod.infer.example.internal"] }
  }
}

resource "aws_lb_listener_rule" "webhooks" {
  listener_arn = aws_lb_listener.internal.arn
  priority     = 20
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["guard-inner"].arn
  }
  condition {
    host_header { values = ["guard.prod.infer.example.internal"] }
  }
  condition {
    path_pattern { values = ["/webhook"] }
  }
}

resource "aws_route53_record" "names" {
  for_each = {
    "us.infer.example.com"              = { zone = aws_route53_zone.public.zone_id, to = aws_lb.public }
    "api.prod.infer.example.internal"   = { zone = aws_route53_zone.private.zone_id, to = aws_lb.internal }
    "guard.prod.infer.example.internal" = { zone = aws_route53_zone.private.zone_id, to = aws_lb.internal }
  }
  zone_id = each.value.zone
  name    = each.key
  type    = "A"
  alias {
    name                   = each.value.to.dns_name
    zone_id                = each.value.to.zone_id
    evaluate_target_health = true
  }
}

# ---------------------------------------------------------------- pools
resource "aws_launch_template" "pool" {
  for_each               = local.pools
  name                   = "${local.name}-${each.key}"
  image_id               = data.aws_ssm_parameter.image[each.key].value
  instance_type          = each.value.types[0]
  vpc_security_group_ids = [aws_security_group.service["node"].id]
  iam_instance_profile { name = aws_iam_instance_profile.this["ecs-node"].name }
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 2
  }
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size = each.value.gib
      volume_type = "gp3"
      encrypted   = true
    }
  }
  user_data = base64encode("#!/bin/bash\ncat >/etc/ecs/ecs.config <<EOF\nECS_CLUSTER=${aws_ecs_cluster.main.name}\nECS_AWSVPC_BLOCK_IMDS=true\nECS_ENABLE_GPU_SUPPORT=${each.key == "gpu"}\nEOF\n")
}

resource "aws_autoscaling_group" "pool" {
  for_each                  = local.pools
  name                      = "${local.name}-${each.key}"
  min_size                  = each.value.min
  max_size                  = each.value.max
  vpc_zone_identifier       = [for subnet in aws_subnet.private : subnet.id]
  protect_from_scale_in     = true
  wait_for_capacity_timeout = "5m"
  force_delete              = true
  mixed_instances_policy {
    instances_distribution { on_demand_base_capacity = 1 }
    launch_template {
      launch_template_specification {
        launch_template_id = aws_launch_template.pool[each.key].id
        version            = aws_launch_template.pool[each.key].latest_version
      }
      dynamic "override" {
        for_each = each.value.types
        content { instance_type = override.value }
      }
    }
  }
  tag {
    key                 = "AmazonECSManaged"
    value               = "true"
    propagate_at_launch = true
  }
  lifecycle { ignore_changes = [desired_capacity] }
}

# ---------------------------------------------------------------- ECS
resource "aws_ecs_cluster" "main" {
  name = "${local.name}-main"
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_capacity_provider" "pool" {
  for_each = local.pools
  name     = "${local.name}-${each.key}"
  auto_scaling_group_provider {
    auto_scaling_group_arn         = aws_autoscaling_group.pool[each.key].arn
    managed_termination_protection = "ENABLED"
    managed_scaling {
      status          = "ENABLED"
      target_capacity = 100
    }
  }
}

resource "aws_ecs_cluster_capacity_providers" "main" {
  cluster_name       = aws_ecs_cluster.main.name
  capacity_providers = concat(["FARGATE", "FARGATE_SPOT"], [for pool in aws_ecs_capacity_provider.pool : pool.name])
}

resource "aws_cloudwatch_log_group" "service" {
  for_each          = local.images
  name              = "/us/ecs/${each.key}"
  retention_in_days = 30
}

resource "aws_ecs_task_definition" "guard" {
  family                   = "${local.name}-guard"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = "512"
  memory                   = "1024"
  execution_role_arn       = aws_iam_role.this["task-execution"].arn
  task_role_arn            = aws_iam_role.this["guard-task"].arn
  container_definitions = jsonencode([{
    name         = "guard"
    image        = "${aws_ecr_repository.this["guard"].repository_url}:${local.tag}"
    essential    = true
    portMappings = [{ containerPort = 8080, hostPort = 8080, protocol = "tcp" }]
    environment  = [{ name = "FACE_GENERATOR_URL", value = "https://api.prod.infer.example.internal" }]
    secrets      = [{ name = "WEBHOOK_KEY", valueFrom = data.aws_secretsmanager_secret.webhook.arn }]
    logConfiguration = {
      logDriver = "awslogs"
      options   = { "awslogs-group" = "/us/ecs/guard", "awslogs-region" = "us-west-2", "awslogs-stream-prefix" = "guard" }
    }
  }])
}

resource "aws_ecs_task_definition" "face-generator" {
  family                   = "${local.name}-face-generator"
  requires_compatibilities = ["EC2"]
  network_mode             = "awsvpc"
  cpu                      = "3072"
  memory                   = "12288"
  execution_role_arn       = aws_iam_role.this["task-execution"].arn
  container_definitions = jsonencode([{
    name                 = "face-generator"
    image                = "${aws_ecr_repository.this["face-generator"].repository_url}:${local.tag}"
    essential            = true
    portMappings         = [{ containerPort = 8000, hostPort = 8000, protocol = "tcp" }]
    environment          = [{ name = "CALLBACK_URL", value = "https://guard.prod.infer.example.internal/webhook" }]
    resourceRequirements = [{ type = "GPU", value = "1" }]
    logConfiguration = {
      logDriver = "awslogs"
      options   = { "awslogs-group" = "/us/ecs/face-generator", "awslogs-region" = "us-west-2", "awslogs-stream-prefix" = "face-generator" }
    }
  }])
}

resource "aws_ecs_service" "guard" {
  name                  = "guard"
  cluster               = aws_ecs_cluster.main.id
  task_definition       = aws_ecs_task_definition.guard.arn
  desired_count         = 2
  wait_for_steady_state = true
  capacity_provider_strategy {
    capacity_provider = "FARGATE"
    weight            = 1
  }
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
  network_configuration {
    subnets         = [aws_subnet.private["a"].id, aws_subnet.private["b"].id]
    security_groups = [aws_security_group.service["guard"].id]
  }
  dynamic "load_balancer" {
    for_each = toset(["guard-public", "guard-inner"])
    content {
      target_group_arn = aws_lb_target_group.this[load_balancer.value].arn
      container_name   = "guard"
      container_port   = 8080
    }
  }
  depends_on = [aws_lb_listener.public, aws_lb_listener_rule.webhooks, aws_ecs_cluster_capacity_providers.main, aws_vpc_endpoint.service]
  lifecycle { ignore_changes = [desired_count] }
}

resource "aws_ecs_service" "face-generator" {
  name                  = "face-generator"
  cluster               = aws_ecs_cluster.main.id
  task_definition       = aws_ecs_task_definition.face-generator.arn
  desired_count         = 1
  wait_for_steady_state = true
  capacity_provider_strategy {
    capacity_provider = aws_ecs_capacity_provider.pool["gpu"].name
    weight            = 1
  }
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
  network_configuration {
    subnets         = [for subnet in aws_subnet.private : subnet.id]
    security_groups = [aws_security_group.service["face-generator"].id]
  }
  load_balancer {
    target_group_arn = aws_lb_target_group.this["face-generator"].arn
    container_name   = "face-generator"
    container_port   = 8000
  }
  depends_on = [aws_lb_listener_rule.jobs, aws_ecs_cluster_capacity_providers.main, aws_vpc_endpoint.service]
}

resource "aws_appautoscaling_target" "guard" {
  service_namespace  = "ecs"
  resource_id        = "service/${aws_ecs_cluster.main.name}/${aws_ecs_service.guard.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = 2
  max_capacity       = 6
}

resource "aws_appautoscaling_policy" "guard" {
  name               = "cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.guard.service_namespace
  resource_id        = aws_appautoscaling_target.guard.resource_id
  scalable_dimension = aws_appautoscaling_target.guard.scalable_dimension
  target_tracking_scaling_policy_configuration {
    predefined_metric_specification { predefined_metric_type = "ECSServiceAverageCPUUtilization" }
    target_value = 60
  }
}
