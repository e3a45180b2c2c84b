# inventories/us as a Terraform user would write it: the ground. The endpoint comes from AWS_ENDPOINT_URL.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region                  = "us-west-2"
  skip_metadata_api_check = true
  default_tags { tags = { environment = "production", owner = "platform" } }
}

data "aws_partition" "this" {}

locals {
  name    = "us"
  public  = { a = "10.0.1.0/24", b = "10.0.2.0/24" }
  private = { a = "10.0.16.0/20", b = "10.0.32.0/20", c = "10.0.48.0/20" }
  services = [
    "ecr.api", "ecr.dkr", "logs", "ssm", "ssmmessages", "ec2messages", "ecs", "ecs-agent", "ecs-telemetry",
    "secretsmanager",
  ]
  groups = {
    public-alb     = "The only door to the internet"
    guard          = "Checks requests and hands them on"
    internal-alb   = "Inner names of the services"
    face-generator = "Inference on a GPU"
    node           = "Machines of the ECS cluster; nobody calls them"
  }
  # direction, group, port, and where from or to: a CIDR, another group, or the prefix list of S3
  rules = [
    { way = "in", group = "public-alb", port = 443, cidr = "0.0.0.0/0" },
    { way = "in", group = "public-alb", port = 80, cidr = "0.0.0.0/0" },
    { way = "out", group = "public-alb", port = 8080, peer = "guard" },
    { way = "in", group = "guard", port = 8080, peer = "public-alb" },
    { way = "in", group = "guard", port = 8080, peer = "internal-alb" },
    { way = "out", group = "guard", port = 443, peer = "internal-alb" },
    { way = "out", group = "guard", port = 443, cidr = "10.0.0.0/16" },
    { way = "out", group = "guard", port = 443, prefix = "s3" },
    { way = "in", group = "internal-alb", port = 443, peer = "guard" },
    { way = "in", group = "internal-alb", port = 443, peer = "face-generator" },
    { way = "out", group = "internal-alb", port = 8000, peer = "face-generator" },
    { way = "out", group = "internal-alb", port = 8080, peer = "guard" },
    { way = "in", group = "face-generator", port = 8000, peer = "internal-alb" },
    { way = "out", group = "face-generator", port = 443, peer = "internal-alb" },
    { way = "out", group = "face-generator", port = 443, cidr = "10.0.0.0/16" },
    { way = "out", group = "face-generator", port = 443, prefix = "s3" },
    { way = "out", group = "node", port = 443, cidr = "10.0.0.0/16" },
    { way = "out", group = "node", port = 443, prefix = "s3" },
  ]
  roles = {
    node           = { service = "ec2", policies = ["AmazonSSMManagedInstanceCore", "AmazonEC2ContainerRegistryPullOnly"] }
    ecs-node       = { service = "ec2", policies = ["AmazonSSMManagedInstanceCore", "service-role/AmazonEC2ContainerServiceforEC2Role"] }
    task-execution = { service = "ecs-tasks", policies = ["service-role/AmazonECSTaskExecutionRolePolicy"] }
    guard-task     = { service = "ecs-tasks", policies = [] }
  }
  attachments = merge([for role, it in local.roles : { for policy in it.policies : "${role}/${policy}" => { role = role, policy = policy } }]...)
}

resource "aws_vpc" "main" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = "${local.name}-main" }
}

resource "aws_default_security_group" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
  tags   = { Name = "${local.name}-main" }
}

resource "aws_subnet" "public" {
  for_each          = local.public
  vpc_id            = aws_vpc.main.id
  cidr_block        = each.value
  availability_zone = "us-west-2${each.key}"
  tags              = { Name = "${local.name}-public-${each.key}" }
}

resource "aws_subnet" "private" {
  for_each          = local.private
  vpc_id            = aws_vpc.main.id
  cidr_block        = each.value
  availability_zone = "us-west-2${each.key}"
  tags              = { Name = "${local.name}-private-${each.key}" }
}

resource "aws_eip" "nat" {
  domain = "vpc"
  tags   = { Name = "${local.name}-nat" }
}

resource "aws_nat_gateway" "main" {
  allocation_id = aws_eip.nat.id
  subnet_id     = aws_subnet.public["a"].id
  tags          = { Name = "${local.name}-main" }
  depends_on    = [aws_internet_gateway.main]
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
  tags = { Name = "${local.name}-public" }
}

resource "aws_route_table" "private" {
  for_each = local.private
  vpc_id   = aws_vpc.main.id
  route {
    cidr_block     = "0.0.0.0/0"
    nat_gateway_id = aws_nat_gateway.main.id
  }
  tags = { Name = "${local.name}-private-${each.key}" }
}

resource "aws_route_table_association" "public" {
  for_each       = aws_subnet.public
  subnet_id      = each.value.id
  route_table_id = aws_route_table.public.id
}

resource "aws_route_table_association" "private" {
  for_each       = aws_subnet.private
  subnet_id      = each.value.id
  route_table_id = aws_route_table.private[each.key].id
}

resource "aws_security_group" "service" {
  for_each    = local.groups
  name        = "${local.name}-${each.key}"
  description = each.value
  vpc_id      = aws_vpc.main.id
  tags        = { Name = "${local.name}-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "service" {
  for_each                     = { for n, rule in local.rules : n => rule if rule.way == "in" }
  security_group_id            = aws_security_group.service[each.value.group].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  cidr_ipv4                    = try(each.value.cidr, null)
  prefix_list_id               = try(each.value.prefix, null) == null ? null : aws_vpc_endpoint.s3.prefix_list_id
  referenced_security_group_id = try(aws_security_group.service[each.value.peer].id, null)
}

resource "aws_vpc_security_group_egress_rule" "service" {
  for_each                     = { for n, rule in local.rules : n => rule if rule.way == "out" }
  security_group_id            = aws_security_group.service[each.value.group].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  cidr_ipv4                    = try(each.value.cidr, null)
  prefix_list_id               = try(each.value.prefix, null) == null ? null : aws_vpc_endpoint.s3.prefix_list_id
  referenced_security_group_id = try(aws_security_group.service[each.value.peer].id, null)
}

resource "aws_security_group" "endpoints" {
  name        = "${local.name}-endpoints"
  description = "Interface endpoints"
  vpc_id      = aws_vpc.main.id
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/16"]
  }
  tags = { Name = "${local.name}-endpoints" }
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.main.id
  service_name      = "com.amazonaws.us-west-2.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [for table in aws_route_table.private : table.id]
  tags              = { Name = "${local.name}-s3" }
}

resource "aws_vpc_endpoint" "service" {
  for_each            = toset(local.services)
  vpc_id              = aws_vpc.main.id
  service_name        = "com.amazonaws.us-west-2.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = [aws_security_group.endpoints.id]
  tags                = { Name = "${local.name}-${each.key}" }
}

resource "aws_route53_zone" "public" {
  name    = "infer.example.com"
  comment = "Names that clients use"
}

resource "aws_route53_zone" "private" {
  name    = "prod.infer.example.internal"
  comment = "Names that services use among themselves"
  vpc { vpc_id = aws_vpc.main.id }
}

resource "aws_route53_record" "region" {
  zone_id = aws_route53_zone.private.zone_id
  name    = "_region.prod.infer.example.internal"
  type    = "TXT"
  ttl     = 300
  records = [local.name]
}

resource "aws_iam_role" "this" {
  for_each = local.roles
  name     = "${local.name}-${each.key}"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "${each.value.service}.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each   = local.attachments
  role       = aws_iam_role.this[each.value.role].name
  policy_arn = "arn:${data.aws_partition.this.partition}:iam::aws:policy/${each.value.policy}"
}

resource "aws_iam_role_policy" "secrets" {
  for_each = { task-execution = "us/*", guard-task = "us/guard/*" }
  name     = "secrets"
  role     = aws_iam_role.this[each.key].name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = ["arn:${data.aws_partition.this.partition}:secretsmanager:us-west-2:*:secret:${each.value}"] }]
  })
}

resource "aws_iam_instance_profile" "this" {
  for_each = { for role, it in local.roles : role => it if it.service == "ec2" }
  name     = aws_iam_role.this[each.key].name
  role     = aws_iam_role.this[each.key].name
}
